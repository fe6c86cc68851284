import { pino } from "pino";
import { loadConfig } from "../../platform/config.ts";
import { createLifecycle } from "../../platform/lifecycle.ts";
import { createApi } from "../composition-root.ts";
import { configSchema } from "../config.ts";

export interface ApiUnderTest {
  readonly restUrl: string;
  readonly grpcUrl: string;
  readonly opsUrl: string;
  stop(): Promise<void>;
}

/** The API as composed for production, in this process, on free ports. */
export async function startApi(
  databaseUrl: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ApiUnderTest> {
  const config = loadConfig(configSchema, {
    DATABASE_URL: databaseUrl,
    API_PORT: "0",
    API_GRPC_PORT: "0",
    OPS_PORT: "0",
    AUTH: "off",
    ...more,
  });
  const log = pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" });
  const lifecycle = createLifecycle({ timeoutMs: config.SHUTDOWN_TIMEOUT_MS, log });
  const { httpPort, grpcPort, opsPort } = await createApi(config, { log, lifecycle }).catch(async (error) => {
    await lifecycle.stop();
    throw error;
  });
  const scheme = config.API_TLS_CERT_FILE ? "https" : "http";
  return {
    restUrl: `${scheme}://127.0.0.1:${httpPort}`,
    grpcUrl: `${scheme}://127.0.0.1:${grpcPort}`,
    opsUrl: `http://127.0.0.1:${opsPort}`,
    async stop() {
      const { failed } = await lifecycle.stop();
      if (failed.length > 0) throw new Error(`not released: ${failed.join(", ")}`);
    },
  };
}
