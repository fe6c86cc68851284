import { parseArgs } from "node:util";
import { loadLocalConfig } from "./local-config.ts";
import { makeToken } from "./local-issuer.ts";

const USAGE = `Prints a token for the API of \`AUTH=jwt npm start\`.

  npm run --silent token                        of a caller who may do everything
  npm run --silent token -- --customer c-1      of the customer c-1, who reaches its own orders only
      --scopes "orders:read orders:write"       what it is good for; orders:operate is the third
      --subject somebody                        whom it speaks of
      --ttl 3600                                seconds until it expires

  curl -i -H "authorization: Bearer $(npm run --silent token)" http://127.0.0.1:8080/orders/…`;

try {
  const { values } = parseArgs({
    options: {
      customer: { type: "string" },
      scopes: { type: "string" },
      subject: { type: "string" },
      ttl: { type: "string", default: "3600" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const ttlSeconds = Number(values.ttl);
  if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1)
    throw new Error("--ttl must be a number of seconds");
  const { customer: customerId } = values;
  const all =
    customerId === undefined ? "orders:read orders:write orders:operate" : "orders:read orders:write";
  const token = await makeToken(loadLocalConfig().DATA_FOLDER, {
    subject: values.subject ?? (customerId === undefined ? "operator" : `customer-${customerId}`),
    customerId,
    scopes: (values.scopes ?? all).split(/[\s,]+/).filter((scope) => scope !== ""),
    ttlSeconds,
  });
  console.log(token);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
