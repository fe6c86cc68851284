import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import { startProcess } from "./child-process.ts";
import { assertPortFree, freePort } from "./ports.ts";
import { untilReady } from "./readiness.ts";

export interface RedisOptions {
  /** Made when missing; holds the append-only files when `persistent`. */
  readonly dataDir: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** Whether what is written outlives the process; default true. */
  readonly persistent?: boolean;
  /** Whether it is a node of a Redis cluster, without slots for now; default false. */
  readonly cluster?: boolean;
  /** More settings, as in redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Calls the start off: it then rejects, with nothing left running. */
  readonly signal?: AbortSignal;
}

export interface RunningRedis {
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  /** Settles when the server process has ended, for whatever reason, with how. */
  readonly exited: Promise<string>;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** The system's redis-server on 127.0.0.1. Throws when the port is in use or redis-server is missing. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const port = options.port === 0 ? await freePort() : options.port;
  await assertPortFree(port, "Redis");
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });

  const settings = {
    bind: "127.0.0.1",
    port: String(port),
    dir: dataDir,
    appendonly: options.persistent === false ? "no" : "yes",
    "cluster-enabled": options.cluster ? "yes" : "no",
    save: "", // no snapshots: the append-only file has it all
    daemonize: "no",
    ...options.settings,
  };
  const server = await startProcess({
    name: "Redis",
    command: "redis-server",
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    logFile: join(dataDir, "redis.log"),
    stopSignal: "SIGTERM",
  });
  const url = `redis://127.0.0.1:${port}`;
  await untilReady("Redis", server, () => roundTrip(url), { signal: options.signal });

  return { port, pid: server.pid, url, exited: server.exited, stop: (signal) => server.stop(signal) };
}

async function roundTrip(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 2000,
  });
  redis.on("error", () => {}); // the rejected call below carries it
  try {
    await redis.connect();
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
