import type { LocalConfig } from "./local-config.ts";
import { assertPortFree } from "./ports.ts";

/** Who listens on what, by the variable that says so. */
export const serverPorts = {
  POSTGRES_PORT: "Postgres",
  KAFKA_PORT: "Kafka",
  REDIS_PORT: "Redis",
} as const;
export const servicePorts = {
  API_PORT: "the API",
  API_GRPC_PORT: "the API's gRPC",
  RELAY_OPS_PORT: "the relay's ops server",
  API_OPS_PORT: "the API's ops server",
  PROJECTOR_OPS_PORT: "the projector's ops server",
} as const;
export const observabilityPorts = { PROMETHEUS_PORT: "Prometheus" } as const;

type PortVariable = keyof typeof serverPorts | keyof typeof servicePorts | keyof typeof observabilityPorts;

/** Throws before anything is started, naming every port that is in use or wanted twice and the variable that changes it. */
export async function assertPortsFree(
  config: Pick<LocalConfig, PortVariable>,
  needed: Partial<Record<PortVariable, string>>,
): Promise<void> {
  const problems: string[] = [];
  const wantedBy = new Map<number, string>();
  for (const [variable, name] of Object.entries(needed) as [PortVariable, string][]) {
    const port = config[variable];
    const other = wantedBy.get(port);
    if (other) problems.push(`  ${port} for ${name}, which ${other} has already (set ${variable})`);
    else
      await assertPortFree(port, name).catch(() => problems.push(`  ${port} for ${name} (set ${variable})`));
    wantedBy.set(port, name);
  }
  if (problems.length === 0) return;
  const hint = "Does it run already? Else stop what uses them, or choose others through the environment.";
  throw new Error(`ports in use:\n${problems.join("\n")}\n${hint}`);
}
