import { parseArgs } from "node:util";
import { ConfigError } from "../../services/platform/config.ts";
import { buildPages } from "./build-page.ts";
import { holdDataFolder } from "./data-folder.ts";
import { startDockerServers } from "./docker-servers.ts";
import { type LocalConfig, loadLocalConfig } from "./local-config.ts";
import { startLocalServers } from "./local-servers.ts";
import { startObservability } from "./observability.ts";
import { assertPortsFree, observabilityPorts, serverPorts, servicePorts } from "./ports-free.ts";
import { prepareDatabase } from "./prepare-database.ts";
import { createProgress } from "./progress.ts";
import { createRunningServers } from "./running-servers.ts";
import { serviceSpecifications, startService } from "./services.ts";
import { onStopRequest } from "./stop-requests.ts";
import { summary } from "./summary.ts";

const USAGE = `Runs the whole system on this machine until Ctrl-C.

  npm start                      Postgres, Kafka and Redis as processes, and the three services
  npm start -- --docker          the three servers from docker-compose.yml instead
  npm start -- --servers-only    only the servers, with the database migrated
  npm start -- --observability   Prometheus as well, with the alerts and all rules of deploy/prometheus
  AUTH=jwt npm start             with an API that asks for tokens (npm run token)
  npm run reset                  removes all data (npm run reset -- --docker: the containers' too)

Ports and the like are set by the environment or in .env; .env.example lists them.`;

interface Choices {
  readonly docker: boolean;
  readonly serversOnly: boolean;
  readonly observability: boolean;
}

const starting = new AbortController();
const servers = createRunningServers((server, how) => {
  const output = server.lastOutput ? `${server.lastOutput()}\n\n` : "";
  void end(1, `${output}${server.name} has ended by itself (${how}): stopping everything`);
});
let started: Promise<void> = Promise.resolve();
let release = async () => {};

async function start(config: LocalConfig, choices: Choices): Promise<void> {
  const { docker, serversOnly, observability } = choices;
  const { signal } = starting;
  const progress = createProgress(process.stderr, signal);
  const options = { config, progress, signal, onStarted: servers.add };
  // Containers that were left running hold the servers' ports, and are taken over.
  await assertPortsFree(config, {
    ...(docker ? {} : serverPorts),
    ...(serversOnly ? {} : servicePorts),
    ...(observability ? observabilityPorts : {}),
  });
  ({ release } = await holdDataFolder(config.DATA_FOLDER));

  const superuserUrl = await (docker ? startDockerServers(options) : startLocalServers(options));
  signal.throwIfAborted();
  const migrated = () => "migrated";
  const database = await progress.step("database", () => prepareDatabase(superuserUrl, config), migrated);
  signal.throwIfAborted();
  if (!serversOnly)
    await progress.step(
      "pages",
      () => buildPages(),
      () => "built",
    );
  signal.throwIfAborted();
  const services = serversOnly ? [] : await serviceSpecifications(config, database);
  const results = await Promise.allSettled(
    services.map((service) => {
      const ready = () => `ready on 127.0.0.1:${service.opsPort}`;
      return progress.step(service.name, () => startService(service, options), ready);
    }),
  );
  for (const result of results) if (result.status === "rejected") throw result.reason;
  if (observability) await startObservability(options);
  process.stdout.write(await summary({ config, database, ...choices }));
}

/** Ends this process when everything that it has started is stopped. */
async function end(exitCode: number, reason: string): Promise<void> {
  if (starting.signal.aborted) return;
  starting.abort();
  console.error(`\n${reason}`);
  await started.catch(() => {}); // called off; what it had started is in `servers`
  const hadServers = servers.count > 0;
  const problems = await servers.stop();
  await release();
  for (const problem of problems) console.error(problem);
  if ((hadServers || exitCode === 0) && problems.length === 0) console.error("everything is stopped");
  process.exit(problems.length === 0 ? exitCode : 1);
}

onStopRequest({
  stop: () => void end(0, "stopping (Ctrl-C again kills)"),
  // What still runs gets its signal from the system when this process ends.
  force: () => process.exit(130),
});

try {
  const { values } = parseArgs({
    options: {
      docker: { type: "boolean", default: false },
      "servers-only": { type: "boolean", default: false },
      observability: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const config = loadLocalConfig();
  const { docker, observability } = values;
  started = start(config, { docker, observability, serversOnly: values["servers-only"] });
  await started;
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigError) await end(2, `the configuration is wrong\n${message}`);
  else await end(1, message);
}
