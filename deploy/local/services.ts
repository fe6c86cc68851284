import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configSchema as apiSchema } from "../../services/api/config.ts";
import { configSchema as projectorSchema } from "../../services/projector/config.ts";
import { configSchema as relaySchema } from "../../services/relay/config.ts";
import { startProcess } from "./child-process.ts";
import { dataIn } from "./data-folder.ts";
import type { LocalConfig } from "./local-config.ts";
import { localIssuer } from "./local-issuer.ts";
import type { DatabaseUrls } from "./prepare-database.ts";
import { processEnvironment, type ServiceName } from "./process-environment.ts";
import { untilReady } from "./readiness.ts";
import type { RunningServer } from "./running-servers.ts";

export interface ServiceSpecification {
  readonly name: ServiceName;
  /** The variables that it knows; those that are not in `env` may be set from outside, e.g. RELAY_MODE=polling npm start. */
  readonly variables: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly opsPort: number;
}

/** Each service as it would run anywhere: a process of its own, configured by environment variables only. */
export async function serviceSpecifications(
  config: LocalConfig,
  database: DatabaseUrls,
): Promise<ServiceSpecification[]> {
  const KAFKA_BROKERS = `127.0.0.1:${config.KAFKA_PORT}`;
  const REDIS_URL = `redis://127.0.0.1:${config.REDIS_PORT}`;
  return [
    {
      name: "api",
      variables: Object.keys(apiSchema.shape),
      opsPort: config.API_OPS_PORT,
      env: {
        DATABASE_URL: database.api,
        REDIS_URL,
        API_PORT: `${config.API_PORT}`,
        API_GRPC_PORT: `${config.API_GRPC_PORT}`,
        AUTH: config.AUTH,
        ...(config.AUTH === "jwt" ? await localIssuer(config.DATA_FOLDER) : {}),
      },
    },
    {
      name: "relay",
      variables: Object.keys(relaySchema.shape),
      opsPort: config.RELAY_OPS_PORT,
      env: { DATABASE_URL: database.relay, KAFKA_BROKERS },
    },
    {
      name: "projector",
      variables: Object.keys(projectorSchema.shape),
      opsPort: config.PROJECTOR_OPS_PORT,
      env: { KAFKA_BROKERS, REDIS_URL },
    },
  ];
}

export interface ServiceOptions {
  readonly config: LocalConfig;
  /** Calls the start off. */
  readonly signal: AbortSignal;
  readonly onStarted: (server: RunningServer) => void;
}

/** Starts `services/<name>/main.ts` and waits until it is ready. Throws with the end of its log when it is not. */
export async function startService(
  { name, variables, env, opsPort }: ServiceSpecification,
  { config, signal, onStarted }: ServiceOptions,
): Promise<void> {
  const logs = dataIn(config.DATA_FOLDER).logs;
  const logFile = join(logs, `${name}.log`);
  await mkdir(logs, { recursive: true });
  await rm(logFile, { force: true }); // the log of this run, not of all
  const service = await startProcess({
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL(`../../services/${name}/main.ts`, import.meta.url))],
    env: {
      ...processEnvironment(name),
      ...fromOutside(variables),
      ...env,
      HOST: "127.0.0.1",
      OPS_PORT: `${opsPort}`,
    },
    logFile,
    stopSignal: "SIGTERM",
  });
  onStarted({
    name,
    exited: service.exited,
    lastOutput: service.lastOutput,
    async stop() {
      await service.stop();
      const how = service.ending();
      if (how !== "exit code 0") throw new Error(`${name} did not stop in order (${how}): see its log`);
    },
  });
  const isReady = async () => {
    const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    if (!response.ok) throw new Error(await response.text());
  };
  await untilReady(name, service, isReady, { signal });
}

function fromOutside(variables: readonly string[]): NodeJS.ProcessEnv {
  const names = ["PATH", "HOME", "TMPDIR", ...variables];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}
