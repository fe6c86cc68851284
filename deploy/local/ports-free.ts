import type { LocalConfig } from "./local-config.ts";
import { assertPortFree } from "./ports.ts";

const servers = { POSTGRES_PORT: "Postgres", KAFKA_PORT: "Kafka", REDIS_PORT: "Redis" } as const;
const services = {
  API_PORT: "the API",
  API_GRPC_PORT: "the API's gRPC",
  RELAY_OPS_PORT: "the relay's ops server",
  API_OPS_PORT: "the API's ops server",
  PROJECTOR_OPS_PORT: "the projector's ops server",
} as const;

/** Throws before anything is started, naming every port in use and the variable that changes it. */
export async function assertPortsFree(config: LocalConfig, serversOnly: boolean): Promise<void> {
  const needed = serversOnly ? servers : { ...servers, ...services };
  const taken: string[] = [];
  for (const [variable, name] of Object.entries(needed)) {
    const port = config[variable as keyof typeof servers];
    await assertPortFree(port, name).catch(() => taken.push(`  ${port} for ${name} (set ${variable})`));
  }
  if (taken.length > 0) {
    const hint = "Does it run already? Else stop what uses them, or choose others through the environment.";
    throw new Error(`ports in use:\n${taken.join("\n")}\n${hint}`);
  }
}
