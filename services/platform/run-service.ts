import type { z } from "zod";
import { ConfigError, loadConfig, redactConfig } from "./config.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { createLogger, type Logger } from "./logger.ts";

/** The exit code for a wrong configuration. */
const EXIT_CONFIG = 2;

interface CommonConfig {
  readonly LOG_LEVEL: string;
  readonly SHUTDOWN_TIMEOUT_MS: number;
}

/** What a service's composition root gets from the process. */
export interface ServiceContext {
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

/**
 * The life of a service's process: checks the configuration (exit code 2 with all faults), starts, stops on SIGTERM and SIGINT
 * within SHUTDOWN_TIMEOUT_MS (exit code 0; 1 when a release failed), and releases what a failed start had acquired.
 */
export async function runService<Shape extends z.ZodRawShape>(
  name: string,
  schema: z.ZodObject<Shape>,
  start: (config: Readonly<z.output<z.ZodObject<Shape>>>, context: ServiceContext) => Promise<void>,
): Promise<void> {
  let config: Readonly<z.output<z.ZodObject<Shape>>>;
  try {
    config = loadConfig(schema, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name}: the configuration is wrong\n`);
    for (const fault of error.faults) process.stderr.write(`  ${fault.variable}: ${fault.problem}\n`);
    process.exit(EXIT_CONFIG);
  }

  const { LOG_LEVEL, SHUTDOWN_TIMEOUT_MS } = config as unknown as CommonConfig;
  const log = createLogger(name, LOG_LEVEL);
  const lifecycle = createLifecycle({ timeoutMs: SHUTDOWN_TIMEOUT_MS, log });

  async function stop(exitCode: number): Promise<never> {
    const report = await lifecycle.stop();
    log.info({ failed: report.failed }, "stopped");
    process.exit(report.failed.length === 0 ? exitCode : 1);
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log.info({ signal }, "stopping");
      void stop(0);
    });
  }
  process.on("uncaughtException", (err) => {
    log.fatal({ err }, "uncaught exception");
    void stop(1);
  });
  // kafkajs 2.2.4 computes negative timeouts, which Node 24 warns of at each start: harmless, and only that one is dropped.
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name !== "TimeoutNegativeWarning") log.warn({ err: warning }, "process warning");
  });

  try {
    log.info({ config: redactConfig(config) }, "starting");
    await start(config, { log, lifecycle });
  } catch (err) {
    log.fatal({ err }, "start failed");
    await stop(1);
  }
}
