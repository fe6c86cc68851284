import { glob, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { startProcess } from "./child-process.ts";
import { assertPortFree, freePort } from "./ports.ts";
import { untilReady } from "./readiness.ts";

export interface PrometheusOptions {
  /** Made when missing; holds the configuration as it was started with, and what was scraped. */
  readonly dataDir: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** host:port of the ops servers, by the name of their job; every job of prometheus.yml. */
  readonly targets: Readonly<Record<PrometheusJob, readonly string[]>>;
  /** How often it scrapes and evaluates the rules, e.g. "1s"; without it, as prometheus.yml says. */
  readonly interval?: string;
  /** Calls the start off: it then rejects, with nothing left running. */
  readonly signal?: AbortSignal;
}

export type PrometheusJob = "outbox-relay" | "orders-projector" | "orders-api";

export interface RunningPrometheus {
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  /** Settles when the server process has ended, for whatever reason, with how. */
  readonly exited: Promise<string>;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

const folder = join(import.meta.dirname, "..", "prometheus");

/**
 * The system's Prometheus on 127.0.0.1, with the rules and the configuration of deploy/prometheus, and these targets in the place of
 * the ones there. Throws when the port is in use or Prometheus is missing.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const port = options.port === 0 ? await freePort() : options.port;
  await assertPortFree(port, "Prometheus");
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const file = join(dataDir, "prometheus.yml");
  await writeFile(file, stringify(await configuration(options, dataDir)));

  const server = await startProcess({
    name: "Prometheus",
    command: "prometheus",
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(dataDir, "data")}`,
      // As long as the window of the objective for commits.
      "--storage.tsdb.retention.time=30d",
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      "--log.level=warn",
    ],
    logFile: join(dataDir, "prometheus.log"),
    stopSignal: "SIGTERM",
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady("Prometheus", server, () => assertReady(url), { signal: options.signal });
  return { port, pid: server.pid, url, exited: server.exited, stop: (signal) => server.stop(signal) };
}

interface Configuration {
  readonly global: Readonly<Record<string, unknown>>;
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly job_name: PrometheusJob }[];
}

async function configuration(
  { targets, interval }: PrometheusOptions,
  dataDir: string,
): Promise<Configuration> {
  const { global, rule_files, scrape_configs, ...rest }: Configuration = parse(
    await readFile(join(folder, "prometheus.yml"), "utf8"),
  );
  return {
    ...rest,
    global: interval ? { ...global, scrape_interval: interval, evaluation_interval: interval } : global,
    rule_files: interval ? [await quickRules(dataDir)] : rule_files.map((path) => resolve(folder, path)),
    scrape_configs: scrape_configs.map((job) => ({
      ...job,
      static_configs: [{ targets: targets[job.job_name] }],
    })),
  };
}

/** Copies of the rules whose groups have no interval of their own: the first evaluation of a slow one is minutes away. */
async function quickRules(dataDir: string): Promise<string> {
  const copies = join(dataDir, "rules");
  await mkdir(copies, { recursive: true });
  for await (const path of glob(join(folder, "rules", "*.yml"))) {
    const { groups }: { groups: readonly { interval?: string }[] } = parse(await readFile(path, "utf8"));
    const quick = groups.map(({ interval: _, ...group }) => group);
    await writeFile(join(copies, basename(path)), stringify({ groups: quick }));
  }
  return join(copies, "*.yml");
}

async function assertReady(url: string): Promise<void> {
  const response = await fetch(`${url}/-/ready`);
  if (!response.ok) throw new Error(await response.text());
}
