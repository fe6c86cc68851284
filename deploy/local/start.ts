import { parseArgs } from "node:util";
import { ConfigError, loadConfig } from "../../services/platform/config.ts";
import { startDockerServers } from "./docker-servers.ts";
import { type LocalConfig, localConfigSchema } from "./local-config.ts";
import { type RunningServer, startLocalServers } from "./local-servers.ts";
import { assertPortsFree } from "./ports-free.ts";
import { prepareDatabase } from "./prepare-database.ts";
import { createProgress } from "./progress.ts";
import { serviceSpecifications, startService } from "./services.ts";
import { summary } from "./summary.ts";

const USAGE = `Runs the whole system on this machine until Ctrl-C.

  npm start                      Postgres, Kafka and Redis as processes, and the three services
  npm start -- --docker          the three servers from docker-compose.yml instead
  npm start -- --servers-only    only the servers, with the database migrated
  npm run reset                  removes all data

Ports are set by the environment; .env.example lists them.`;

const running: RunningServer[] = [];
let stopping = false;

/** Services first, the relay while Postgres and Kafka still answer; then the servers. */
async function stopAll(): Promise<boolean> {
  stopping = true;
  let clean = true;
  for (const server of running.splice(0).reverse()) {
    await server.stop().catch((error: Error) => {
      clean = false;
      console.error(error.message);
    });
  }
  return clean;
}

async function end(exitCode: number): Promise<never> {
  const clean = await stopAll();
  process.exit(clean ? exitCode : 1);
}

function watch(server: RunningServer & { lastOutput?(): string }): void {
  running.push(server);
  void server.exited.then((how) => {
    if (stopping) return;
    console.error(`\n${server.name} has ended by itself (${how}); stopping everything`);
    if (server.lastOutput) console.error(server.lastOutput());
    void end(1);
  });
}

async function start(config: LocalConfig, options: { docker: boolean; serversOnly: boolean }): Promise<void> {
  const progress = createProgress(process.stderr);
  await assertPortsFree(config, options.serversOnly);
  const servers = { config, progress, onStarted: watch };
  const superuserUrl = await (options.docker ? startDockerServers(servers) : startLocalServers(servers));
  const database = await progress.step(
    "database",
    () => prepareDatabase(superuserUrl, config),
    () => "migrated",
  );
  if (!options.serversOnly) {
    const services = serviceSpecifications(config, database).map((service) =>
      progress.step(
        service.name,
        () => startService(service, watch),
        () => `ready on port ${service.opsPort}`,
      ),
    );
    const results = await Promise.allSettled(services);
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
  process.stdout.write(summary(config, database, options.serversOnly));
}

let interrupts = 0;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    interrupts += 1;
    // Children that are still there get their signal when this process ends.
    if (interrupts > 1) process.exit(130);
    console.error("\nstopping (again to force)");
    void end(0);
  });
}

try {
  const { values } = parseArgs({
    options: {
      docker: { type: "boolean", default: false },
      "servers-only": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const config = loadConfig(localConfigSchema, process.env);
  await start(config, { docker: values.docker, serversOnly: values["servers-only"] });
} catch (error) {
  // A stop asked for while starting makes steps fail: nothing to report.
  if (!stopping) {
    console.error(error instanceof Error ? `\n${error.message}` : error);
    await end(error instanceof ConfigError ? 2 : 1);
  }
}
