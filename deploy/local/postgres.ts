import { chown, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import pg from "pg";
import { startProcess } from "./child-process.ts";
import { assertPortFree, freePort } from "./ports.ts";
import { type Account, postgresAccount } from "./postgres-account.ts";
import { locatePostgres, type PostgresFiles } from "./postgres-files.ts";
import { untilReady } from "./readiness.ts";
import { runProgram } from "./run-program.ts";

export interface PostgresOptions {
  /** Made when missing; a second start finds the same data. */
  readonly dataDir: string;
  /** 0 chooses a free one. */
  readonly port: number;
  readonly log: (line: string) => void;
  /** For the superuser `postgres`; set when the data directory is made. */
  readonly password?: string;
  /** False makes tests fast and loses data with the machine's power, though not with the process. */
  readonly fsync?: boolean;
  /** More settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Calls the start off: it then rejects, with nothing left running. */
  readonly signal?: AbortSignal;
}

/** How running sessions end: rolled back in order, or as in a crash (the next start recovers from the WAL). */
export type StopMode = "fast" | "immediate";

export interface RunningPostgres {
  readonly port: number;
  /** The postmaster's. */
  readonly pid: number;
  superuserUrl(database?: string): string;
  /** Settles when the server process has ended, for whatever reason, with how. */
  readonly exited: Promise<string>;
  stop(mode?: StopMode): Promise<void>;
  /** Stops, and starts on the same data and port: use what it returns. `settings` are added to those given at the start. */
  restart(change?: {
    mode?: StopMode;
    settings?: Readonly<Record<string, string>>;
  }): Promise<RunningPostgres>;
}

const superuser = "postgres";

/** PostgreSQL on 127.0.0.1, ready for logical replication. Throws when the port is in use or the server does not come up. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { log, password = "postgres", signal } = options;
  const port = options.port === 0 ? await freePort() : options.port;
  await assertPortFree(port, "Postgres");

  const account = await postgresAccount();
  const files = await locatePostgres(options.dataDir, account);
  if (!(await stat(join(files.data, "PG_VERSION")).catch(() => undefined))) {
    log(`making a Postgres data directory in ${files.data}`);
    await initialise(files, account, password, signal);
  }

  const server = await startProcess({
    name: "Postgres",
    command: join(files.programs, "bin", "postgres"),
    args: ["-D", files.data, ...asFlags(settingsFor(options, port))],
    env: cleanEnvironment(),
    account,
    logFile: `${files.data}.log`,
    stopSignal: "SIGINT",
  });
  const superuserUrl = (database = "postgres") =>
    `postgres://${superuser}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  const answer = await untilReady("Postgres", server, () => roundTrip(superuserUrl()), { signal });
  if (answer === "wrong password") {
    await server.stop();
    throw new Error(
      `the data in ${files.data} was made with another password: use that one, or remove the data`,
    );
  }

  const stop = (mode: StopMode = "fast") => server.stop(mode === "fast" ? "SIGINT" : "SIGQUIT");
  return {
    port,
    pid: server.pid,
    superuserUrl,
    exited: server.exited,
    stop,
    async restart({ mode, settings } = {}) {
      await stop(mode);
      return startPostgres({ ...options, port, settings: { ...options.settings, ...settings } });
    },
  };
}

/** What docker-compose.yml gives its Postgres as well. */
export const postgresSettings = {
  wal_level: "logical",
  max_replication_slots: "20",
  max_wal_senders: "20",
  max_connections: "200",
  // With a limit, pg_replication_slots.safe_wal_size is known.
  max_slot_wal_keep_size: "4GB",
} as const;

function settingsFor(options: PostgresOptions, port: number): Record<string, string> {
  return {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    ...postgresSettings,
    ...(options.fsync === false ? { fsync: "off", full_page_writes: "off" } : {}),
    ...options.settings,
  };
}

function asFlags(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

// Under another name first: a directory with the final name is always a whole one.
async function initialise(
  files: PostgresFiles,
  account: Account | undefined,
  password: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const unfinished = `${files.data}.unfinished`;
  const passwordFile = `${files.data}.password`;
  await mkdir(dirname(files.data), { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account) {
      await chown(unfinished, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    const flags = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync"];
    flags.push(`--username=${superuser}`, `--pwfile=${passwordFile}`, `--pgdata=${unfinished}`);
    await runProgram(join(files.programs, "bin", "initdb"), flags, {
      ...account,
      env: cleanEnvironment(),
      cwd: "/",
      signal,
    });
    await rename(unfinished, files.data);
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? "";
    throw new Error(`Postgres' initdb failed in ${files.data}: ${said.trim()}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}

// PGDATA, PGOPTIONS and their like in our environment must not steer the server.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
}

async function roundTrip(url: string): Promise<"ready" | "wrong password"> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return "ready";
  } catch (error) {
    if ((error as { code?: string }).code === "28P01") return "wrong password"; // which no waiting mends
    throw error;
  } finally {
    await client.end();
  }
}
