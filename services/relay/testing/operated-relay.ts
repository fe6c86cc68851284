import pg from "pg";
import { expect } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { kafkaBrokers, uniqueTopic } from "../../../test/support/kafka.ts";
import type { ServiceProcess } from "../../../test/support/service-process.ts";
import { type CheckOptions, checkOutbox, nothingWrong } from "./outbox-check.ts";
import { insertRow } from "./outbox-rows.ts";
import { type CliRun, runRelayCli } from "./running-cli.ts";
import { type RelayUnderTest, spawnRelay, startRelay } from "./running-relay.ts";

/** A database, a topic, relays on them, and the command line that looks after them. */
export interface OperatedRelay {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  readonly topic: string;
  /** Name of the relay and of its slot. */
  readonly name: string;
  start(more?: Readonly<Record<string, string>>): Promise<RelayUnderTest>;
  /** In a process of its own. */
  spawn(more?: Readonly<Record<string, string>>): ServiceProcess;
  /** As the role outbox_operator. */
  cli(...args: string[]): Promise<CliRun>;
  readonly cliVariables: Readonly<Record<string, string>>;
  /** The command succeeds; gives its JSON. */
  json(...args: string[]): Promise<Record<string, unknown>>;
  /** Two sessions write without a pause, some of it rolled back. */
  write(): void;
  /** Writing ends, and everything committed is on the topic once, in order. */
  settle(options?: Pick<CheckOptions, "ignore">): Promise<void>;
  /** How many events the checkpoint covers. */
  published(): Promise<number>;
  /** The newest entries of the history that people have made, the oldest first. */
  deeds(): Promise<Deed[]>;
  dispose(): Promise<void>;
}

export interface Deed {
  readonly who: string;
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export async function openOperatedRelay(prefix: string): Promise<OperatedRelay> {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  const topic = uniqueTopic(prefix);
  const name = `${database.name}_slot`;
  const relays: RelayUnderTest[] = [];
  const processes: ServiceProcess[] = [];
  let writing = false;
  let writers: Promise<unknown> = Promise.resolve();

  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    databaseUrl: database.relayUrl,
    slot: name,
    topic,
    more: { RELAY_TICK_INTERVAL_MS: "200", ...more },
  });

  async function writeSession(session: string): Promise<void> {
    const client = await pool.connect();
    try {
      for (let version = 1; writing; version++) {
        await client.query("begin");
        await insertRow(client, { aggregateId: `${session}-${version % 5}`, version });
        await client.query(version % 7 === 0 ? "rollback" : "commit");
      }
    } finally {
      client.release();
    }
  }

  async function stopWriting(): Promise<void> {
    writing = false;
    await writers;
  }

  const cliVariables = {
    DATABASE_URL: database.operatorUrl,
    RELAY_NAME: name,
    KAFKA_BROKERS: kafkaBrokers().join(","),
    RELAY_TOPICS: `order=${topic}`,
    KAFKA_CLIENT: process.env.KAFKA_CLIENT ?? "",
  };
  const cli = (...args: string[]) => runRelayCli(args, cliVariables);

  return {
    database,
    pool,
    topic,
    name,
    async start(more) {
      const relay = await startRelay(environment(more));
      relays.push(relay);
      return relay;
    },
    spawn(more) {
      const process = spawnRelay(environment(more));
      processes.push(process);
      return process;
    },
    cli,
    cliVariables,
    async json(...args) {
      const run = await cli(...args, "--json");
      if (run.exitCode !== 0) throw new Error(`${args.join(" ")}: ${run.exitCode} ${run.stderr}`);
      return JSON.parse(run.stdout);
    },
    write() {
      writing = true;
      writers = Promise.all([writeSession("a"), writeSession("b")]);
    },
    async settle(options) {
      await stopWriting();
      const { rows } = await pool.query("select count(*)::int as count from outbox");
      await eventually(
        async () => {
          const left = await pool.query("select 1 from outbox_status where status = 'new' limit 1");
          expect(left.rows).toEqual([]);
        },
        { timeoutMs: 20_000 },
      );
      expect(await checkOutbox(pool, topic, options)).toEqual({ committed: rows[0].count, ...nothingWrong });
    },
    async published() {
      const { rows } = await pool.query(
        "select count(*)::int as count from outbox_status where status = 'processed'",
      );
      return rows[0].count;
    },
    async deeds() {
      const { rows } = await pool.query(
        "select who, command, arguments from relay_history where command is not null order by id",
      );
      return rows;
    },
    async dispose() {
      await stopWriting();
      for (const relay of relays) await relay.stop();
      for (const process of processes) await process.end("SIGKILL");
      await pool.end();
      await database.drop();
    },
  };
}
