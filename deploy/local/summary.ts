import { spawnSync } from "node:child_process";
import { styleText } from "node:util";
import { LOG_FOLDER, type LocalConfig } from "./local-config.ts";
import type { DatabaseUrls } from "./prepare-database.ts";

/** What to open and what to try, once everything runs. */
export function summary(config: LocalConfig, database: DatabaseUrls, serversOnly: boolean): string {
  const bold = (text: string) => styleText("bold", text);
  const kafka = `127.0.0.1:${config.KAFKA_PORT}`;
  const ops = (port: number) => `http://localhost:${port}/readyz  /metrics  /livez`;
  const servers = [
    ["Postgres", database.owner],
    ["Kafka", kafka],
    ["Redis", `redis://127.0.0.1:${config.REDIS_PORT}`],
  ];
  const services = [
    ["REST", `http://localhost:${config.API_PORT}/orders  (Connect and gRPC-Web on the same port)`],
    ["gRPC", `localhost:${config.API_GRPC_PORT}  (HTTP/2 without TLS)`],
    ["relay", ops(config.RELAY_OPS_PORT)],
    ["API", ops(config.API_OPS_PORT)],
    ["projector", ops(config.PROJECTOR_OPS_PORT)],
    ["logs", `${LOG_FOLDER}/*.log`],
  ];
  const addresses = serversOnly ? servers : [...services, ...servers];
  const lines = ["", bold("Everything runs. Ctrl-C stops all of it.")];
  for (const [name = "", address = ""] of addresses) lines.push(`  ${name.padEnd(10)} ${address}`);
  if (!serversOnly)
    lines.push("", bold("Try, in another terminal in this folder:"), ...commands(config, kafka));
  return `${lines.join("\n")}\n`;
}

function commands(config: LocalConfig, kafka: string): string[] {
  const order = `'{"customerId":"c-1","pickupPointId":"p-7","currency":"EUR","lines":[{"sku":"book","quantity":"1","unitPriceMinor":"1990"}]}'`;
  const hasKcat = spawnSync("kcat", ["-V"], { stdio: "ignore" }).status === 0;
  const watch = hasKcat
    ? `kcat -b ${kafka} -C -t orders-events -o beginning -f '%h\\n  %k %s\\n'`
    : `java -cp '.local/kafka-libs/*/*' kafka.tools.ConsoleConsumer --bootstrap-server ${kafka} --topic orders-events --from-beginning`;
  return [
    "",
    "  # create an order over REST",
    `  curl -s localhost:${config.API_PORT}/orders -H 'content-type: application/json' -d ${order}`,
    "",
    "  # create one over gRPC",
    `  npx buf curl --protocol grpc --http2-prior-knowledge --schema . -d ${order} \\`,
    `    http://localhost:${config.API_GRPC_PORT}/orders.v1.OrderService/CreateOrder`,
    "",
    "  # watch the events on the topic",
    `  ${watch}`,
    "",
    "  # and the read model",
    `  redis-cli -p ${config.REDIS_PORT} --scan --pattern 'order:*'`,
  ];
}
