import { dataIn } from "./data-folder.ts";
import type { ServersOptions } from "./local-servers.ts";
import { startPrometheus } from "./prometheus.ts";
import { ensureSystemPackages } from "./system-packages.mjs";

/** Prometheus on the services of `npm start`. */
export async function startObservability({
  config,
  progress,
  signal,
  onStarted,
}: ServersOptions): Promise<void> {
  const name = "Prometheus";
  await progress.step(
    name,
    async (log) => {
      const toDo = ensureSystemPackages(["prometheus"], log);
      if (toDo) throw new Error(toDo);
      const prometheus = await startPrometheus({
        dataDir: dataIn(config.DATA_FOLDER).prometheus,
        port: config.PROMETHEUS_PORT,
        targets: {
          "outbox-relay": [`127.0.0.1:${config.RELAY_OPS_PORT}`],
          "orders-projector": [`127.0.0.1:${config.PROJECTOR_OPS_PORT}`],
          "orders-api": [`127.0.0.1:${config.API_OPS_PORT}`],
        },
        signal,
      });
      onStarted({ name, exited: prometheus.exited, stop: () => prometheus.stop() });
      return prometheus;
    },
    ({ port }) => `on 127.0.0.1:${port}`,
  );
}
