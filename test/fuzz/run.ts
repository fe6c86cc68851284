import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { installPythonTool } from "../setup/python-tool.ts";
import { createTemplateDatabase } from "../setup/template-database.ts";
import { withDatabase } from "../support/database.ts";
import { openPostgres } from "../support/own-servers.ts";
import { spawnService } from "../support/service-process.ts";

const HELP = `npm run fuzz:rest [-- options]

Asks the API, on a Postgres of its own, for what its OpenAPI document allows and forbids, and compares the answers with the document.

  --seconds N  longest time; default 120
  --seed N     the same requests again

Exit code 1 when an answer is not as documented.`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    seed: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

async function fuzz(): Promise<number> {
  const schemathesis = await installPythonTool({ name: "schemathesis", version: "4.32.5" });
  await using stack = new AsyncDisposableStack();
  const postgres = await openPostgres();
  stack.defer(() => postgres.dispose());
  await createTemplateDatabase(postgres.url, "fuzz");
  const api = spawnService("api", {
    DATABASE_URL: withDatabase(postgres.url, "fuzz", "orders_api"),
    AUTH: "off",
    API_PORT: "0",
    API_GRPC_PORT: "0",
    OPS_PORT: "0",
  });
  stack.defer(async () => void (await api.end("SIGTERM")));
  const { httpPort } = await api.started();
  const { seconds, seed } = values;
  const child = spawn(
    schemathesis,
    [
      ...["--config-file", join(import.meta.dirname, "schemathesis.toml")],
      ...["run", `http://127.0.0.1:${httpPort}/openapi.json`],
      ...["--phases", "examples,coverage,fuzzing,stateful", "--max-time", seconds],
      ...(seed === undefined ? [] : ["--seed", seed]),
    ],
    // It keeps what it found in the folder that it runs in.
    { cwd: dirname(schemathesis), stdio: ["ignore", "inherit", "inherit"] },
  );
  stack.defer(() => void child.kill());
  const [code] = await once(child, "exit");
  return code === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(`${HELP}\n`);
else process.exitCode = await fuzz();
