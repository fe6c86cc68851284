import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningKafka, startKafka } from "../../deploy/local/kafka.ts";
import { type RunningPostgres, type StopMode, startPostgres } from "../../deploy/local/postgres.ts";
import { removePostgresData } from "../../deploy/local/postgres-files.ts";

type Settings = Readonly<Record<string, string>>;

/** A server that may be stopped and started: on the same port and data each time. */
export interface OwnPostgres {
  /** The superuser's. */
  readonly url: string;
  stop(mode?: StopMode): Promise<void>;
  start(settings?: Settings): Promise<void>;
  /** How it has ended, or undefined while it runs. */
  readonly ended: string | undefined;
  /** Ends it for good, and removes its data. */
  dispose(): Promise<void>;
}

export interface OwnKafka {
  readonly brokers: string;
  readonly port: number;
  readonly ended: string | undefined;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

const silent = () => {};
/** To a user that was given up, and goes on by itself until it meets this. */
const GONE = "no server is started any more: they have been disposed of";

export async function openPostgres(settings: Settings = {}): Promise<OwnPostgres> {
  const folder = await openFolder("postgres");
  const dataDir = join(folder, "data");
  let server: RunningPostgres | undefined;
  let port = 0;
  let ended: string | undefined;
  let disposed = false;
  let starting: Promise<void> | undefined;

  function noteEnd({ exited }: RunningPostgres): void {
    ended = undefined;
    void exited.then((how) => {
      ended = how;
    });
  }
  async function startNow(more: Settings): Promise<void> {
    if (disposed) throw new Error(GONE);
    server = await startPostgres({
      dataDir,
      port,
      fsync: false,
      settings: { ...settings, ...more },
      log: silent,
    });
    port = server.port;
    noteEnd(server);
  }
  function start(more: Settings = {}): Promise<void> {
    starting = startNow(more);
    return starting;
  }
  async function dispose(): Promise<void> {
    disposed = true;
    await starting?.catch(silent);
    await server?.stop("immediate").catch(silent);
    await removePostgresData(dataDir);
    await rm(folder, { recursive: true, force: true });
  }
  await start().catch(async (error) => {
    await dispose();
    throw error;
  });
  return {
    url: server?.superuserUrl() ?? "",
    stop: async (mode) => server?.stop(mode),
    start,
    get ended() {
      return ended;
    },
    dispose,
  };
}

/** 0 chooses a free port. */
export async function openKafka(settings: Settings = {}, port = 0): Promise<OwnKafka> {
  const folder = await openFolder("kafka");
  let server: RunningKafka | undefined;
  let at = port;
  let ended: string | undefined;
  let disposed = false;
  let starting: Promise<void> | undefined;

  function noteEnd({ exited }: RunningKafka): void {
    ended = undefined;
    void exited.then((how) => {
      ended = how;
    });
  }
  async function startNow(): Promise<void> {
    if (disposed) throw new Error(GONE);
    server = await startKafka({ dataDir: folder, port: at, settings, log: silent });
    at = server.port;
    noteEnd(server);
  }
  function start(): Promise<void> {
    starting = startNow();
    return starting;
  }
  async function dispose(): Promise<void> {
    disposed = true;
    await starting?.catch(silent);
    await server?.stop("SIGKILL").catch(silent);
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
  await start().catch(async (error) => {
    await dispose();
    throw error;
  });
  return {
    brokers: server?.brokers ?? "",
    port: at,
    stop: async (signal) => server?.stop(signal),
    start,
    get ended() {
      return ended;
    },
    dispose,
  };
}

async function openFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `outbox-orders-${name}-`));
  await chmod(folder, 0o711); // Postgres may run as another user, who has to pass through
  return folder;
}
