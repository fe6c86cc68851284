import { mkdir } from "node:fs/promises";
import { startProcess } from "./child-process.ts";
import { LOG_FOLDER, type LocalConfig } from "./local-config.ts";
import type { RunningServer } from "./local-servers.ts";
import type { DatabaseUrls } from "./prepare-database.ts";
import { untilReady } from "./readiness.ts";

export interface ServiceSpecification {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly opsPort: number;
}

/** Each service as it would run anywhere: a process of its own, configured by environment variables only. */
export function serviceSpecifications(config: LocalConfig, database: DatabaseUrls): ServiceSpecification[] {
  const KAFKA_BROKERS = `127.0.0.1:${config.KAFKA_PORT}`;
  return [
    {
      name: "api",
      opsPort: config.API_OPS_PORT,
      env: {
        DATABASE_URL: database.api,
        API_PORT: `${config.API_PORT}`,
        API_GRPC_PORT: `${config.API_GRPC_PORT}`,
      },
    },
    { name: "relay", opsPort: config.RELAY_OPS_PORT, env: { DATABASE_URL: database.relay, KAFKA_BROKERS } },
    {
      name: "projector",
      opsPort: config.PROJECTOR_OPS_PORT,
      env: { KAFKA_BROKERS, REDIS_URL: `redis://127.0.0.1:${config.REDIS_PORT}` },
    },
  ];
}

/** Starts `services/<name>/main.ts` and waits until it is ready. Throws with the end of its log when it is not. */
export async function startService(
  { name, env, opsPort }: ServiceSpecification,
  onStarted: (server: RunningServer & { lastOutput(): string }) => void,
): Promise<void> {
  await mkdir(LOG_FOLDER, { recursive: true });
  const service = await startProcess({
    name,
    command: process.execPath,
    args: [`services/${name}/main.ts`],
    env: { ...settingsOfCaller(), ...env, OPS_PORT: `${opsPort}` },
    logFile: `${LOG_FOLDER}/${name}.log`,
    stopSignal: "SIGTERM",
  });
  onStarted({ name, exited: service.exited, stop: () => service.stop(), lastOutput: service.lastOutput });
  await untilReady(name, service, async () => {
    const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    if (!response.ok) throw new Error(await response.text());
  });
}

/** What may be set for the services from outside, e.g. RELAY_MODE=polling npm start. */
function settingsOfCaller(): Record<string, string | undefined> {
  const passedOn =
    /^(PATH|HOME|TMPDIR|LOG_LEVEL|SHUTDOWN_TIMEOUT_MS|(RELAY|PROJECTOR|DATABASE|API)_(?!.*PORT$|URL$).+)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)));
}
