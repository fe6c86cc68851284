import { pino } from "pino";
import { eventually } from "../../../test/support/eventually.ts";
import { kafkaBrokers } from "../../../test/support/kafka.ts";
import { type ServiceProcess, spawnService } from "../../../test/support/service-process.ts";
import { loadConfig } from "../../platform/config.ts";
import { createLifecycle } from "../../platform/lifecycle.ts";
import { createRelayService } from "../composition-root.ts";
import { configSchema } from "../config.ts";

export interface RelayUnderTest {
  readonly opsUrl: string;
  stop(): Promise<void>;
}

export interface RelayEnvironment {
  readonly databaseUrl: string;
  readonly slot: string;
  readonly topic: string;
  readonly more?: Readonly<Record<string, string>>;
}

function environment({ databaseUrl, slot, topic, more }: RelayEnvironment): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: kafkaBrokers().join(","),
    RELAY_NAME: slot,
    RELAY_SLOT: slot,
    RELAY_TOPICS: `order=${topic}`,
    OPS_PORT: "0",
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "silent",
    KAFKA_CLIENT: process.env.KAFKA_CLIENT ?? "",
    ...more,
  };
}

/** The relay as composed for production, in this process, until it is ready. */
export async function startRelay(options: RelayEnvironment): Promise<RelayUnderTest> {
  const { LOG_LEVEL: level = "silent", ...variables } = environment(options);
  const config = loadConfig(configSchema, variables);
  const log = pino({ level });
  const lifecycle = createLifecycle({ timeoutMs: config.SHUTDOWN_TIMEOUT_MS, log });
  const { opsPort } = await createRelayService(config, { log, lifecycle });
  const opsUrl = `http://127.0.0.1:${opsPort}`;
  const stop = async () => {
    const { failed } = await lifecycle.stop();
    if (failed.length > 0) throw new Error(`not released: ${failed.join(", ")}`);
  };
  return { opsUrl, stop };
}

export async function isReady({ opsUrl }: { readonly opsUrl: string }): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${opsUrl}/readyz`);
    if (!response.ok) throw new Error(`not ready: ${await response.text()}`);
  });
}

/** The relay in a process of its own. */
export function spawnRelay(options: RelayEnvironment): ServiceProcess {
  const { LOG_LEVEL: level = "silent", ...variables } = environment(options);
  return spawnService("relay", { ...variables, LOG_LEVEL: level === "silent" ? "info" : level });
}
