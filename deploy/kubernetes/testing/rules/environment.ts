import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { z } from "zod";
import { configSchema as apiSchema } from "../../../../services/api/config.ts";
import { ConfigError, loadConfig } from "../../../../services/platform/config.ts";
import { configSchema as projectorSchema } from "../../../../services/projector/config.ts";
import { configSchema as relaySchema } from "../../../../services/relay/config.ts";
import { configSchema as migrationSchema } from "../../../../sql/migrate.ts";
import { configSchema as rolesSchema } from "../../../../sql/roles.ts";
import { serviceEnvironments } from "../../../local/process-environment.ts";
import { environmentOf, type Manifest, type Workload, workloads } from "../manifest.ts";

interface Program {
  readonly schema: z.ZodObject;
  /** What Node is to be started with. */
  readonly process: Readonly<Record<string, string>>;
}

const programs: Readonly<Record<string, Program>> = {
  "services/api/main.ts": { schema: apiSchema, process: serviceEnvironments.api },
  "services/relay/main.ts": { schema: relaySchema, process: serviceEnvironments.relay },
  "services/projector/main.ts": { schema: projectorSchema, process: serviceEnvironments.projector },
  "sql/migrate.ts": { schema: migrationSchema, process: {} },
  "sql/roles.ts": { schema: rolesSchema, process: {} },
};

/** What the files of Secrets and ConfigMaps that are made by hand might have in them. */
const contents: Readonly<Record<string, string>> = {
  "database-url": "postgres://role:password@postgres.example.com/orders",
  "redis-url": "rediss://user:password@redis.example.com",
};

/** What the service would say of its variables, or would not: those that it does not know. */
export function* environmentFaults(manifests: readonly Manifest[]): Generator<string> {
  for (const workload of workloads(manifests)) {
    const environment = environmentOf(manifests, workload);
    const program = programs[workload.container.args[0]];
    if (program === undefined) {
      yield `${workload.name} starts ${workload.container.args}, which is no program`;
      continue;
    }
    const known = new Set(Object.keys(program.schema.shape).flatMap((name) => [name, `${name}_FILE`]));
    for (const name of Object.keys(environment))
      if (!known.has(name) && !(name in program.process)) yield `${workload.name} knows no variable ${name}`;
    for (const [name, value] of Object.entries(program.process))
      if (environment[name] !== value) yield `${workload.name} is not started with ${name}=${value}`;
    yield* wrongValues(workload, environment, program.schema);
  }
}

function* wrongValues(
  workload: Workload,
  environment: Readonly<Record<string, string>>,
  schema: z.ZodObject,
): Generator<string> {
  const folder = mkdtempSync(join(tmpdir(), "mounts-"));
  try {
    const config = loadConfig(schema, withMounts(workload, environment, folder)) as {
      readonly SHUTDOWN_TIMEOUT_MS?: number;
    };
    const graceMs = workload.pod.terminationGracePeriodSeconds * 1_000;
    if (config.SHUTDOWN_TIMEOUT_MS !== undefined && !(config.SHUTDOWN_TIMEOUT_MS < graceMs))
      yield `${workload.name} is killed after ${graceMs} ms, and may take ${config.SHUTDOWN_TIMEOUT_MS} to stop`;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { variable, problem } of error.faults) yield `${workload.name}: ${variable} ${problem}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The variables, with what the pod mounts in `folder`: a file for each that is named and lies where something is mounted. */
export function withMounts(
  { container }: Workload,
  environment: Readonly<Record<string, string>>,
  folder: string,
  contentOf: (file: string) => string = (file) => contents[file] ?? "anything",
): Record<string, string> {
  const mounts: string[] = container.volumeMounts.map((mount: { mountPath: string }) => mount.mountPath);
  const moved = Object.entries(environment).map(([name, value]) => {
    if (!name.endsWith("_FILE")) return [name, value];
    const path = join(folder, value);
    if (mounts.includes(dirname(value))) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, contentOf(basename(value)));
    }
    return [name, path];
  });
  return Object.fromEntries(moved);
}
