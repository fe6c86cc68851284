import pg from "pg";
import {
  type CheckOptions,
  type CheckResult,
  checkOutbox,
} from "../../services/relay/testing/outbox-check.ts";
import { createTemplateDatabase } from "../setup/template-database.ts";
import { asSuperuser, withDatabase } from "../support/database.ts";
import { dropDatabase } from "../support/drop-database.ts";
import { eventually } from "../support/eventually.ts";
import { type RelayProcess, spawnRelayProcess } from "../support/relay-process.ts";
import { LOAD_SCHEMA, type Load, type LoadOptions, startLoad } from "./load.ts";
import type { Random } from "./random.ts";

/** Where a case plays: a database, a topic, a slot, and the relays of one name that work on them. */
export interface Scene {
  readonly pool: pg.Pool;
  readonly topic: string;
  readonly slot: string;
  readonly brokers: string;
  /** The superuser's. */
  readonly databaseUrl: string;
  /** The relays'. */
  readonly relayUrl: string;
  /** Starts another relay, with more settings. */
  relay(settings?: Readonly<Record<string, string>>): RelayProcess;
  load(options?: Omit<LoadOptions, "random">): Load;
  /** Resolves when a row that was written after this call counts as published: ms since `from`. */
  flowing(from?: number, timeoutMs?: number): Promise<number>;
  /** Resolves when all that is committed counts as published. */
  caughtUp(timeoutMs?: number): Promise<void>;
  /** Asks the database until it answers: it may be down. */
  ask<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  check(options?: Omit<CheckOptions, "brokers">): Promise<CheckResult>;
  readonly relays: readonly RelayProcess[];
  dispose(): Promise<void>;
}

export interface SceneOptions {
  /** The superuser's URL of another Postgres than the shared one. */
  readonly postgresUrl?: string;
  /** False when that server goes away with the case. */
  readonly drop?: boolean;
  readonly brokers?: string;
  readonly topic?: string;
  /** Of the slot and of the relay. */
  readonly slot?: string;
  /** For all relays; by default everything that waits is set to be short. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Times of a service in production are too long for most cases: what matters is what happens, not after how long. */
const QUICK: Readonly<Record<string, string>> = {
  RELAY_TICK_INTERVAL_MS: "200",
  RELAY_TICK_TIMEOUT_MS: "3000",
  RELAY_POLL_INTERVAL_MS: "50",
  RELAY_LEASE_MS: "2000",
  RELAY_FALLBACK_AFTER_MS: "2000",
};

/** As an operator gets it who sets nothing. */
export const DEFAULTS: Readonly<Record<string, string>> = {};

export async function openScene(
  name: string,
  {
    postgresUrl,
    brokers,
    topic = name,
    slot = name,
    settings = QUICK,
    drop = true,
  }: Required<Pick<SceneOptions, "postgresUrl" | "brokers">> & SceneOptions,
  random: Random,
): Promise<Scene> {
  await createTemplateDatabase(postgresUrl, name);
  const databaseUrl = withDatabase(postgresUrl, name);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 3, application_name: "chaos" });
  pool.on("error", () => {}); // a server that was stopped: the next query tells
  pool.on("connect", (client) => client.on("error", () => {}));
  await pool.query(LOAD_SCHEMA);
  const relayUrl = withDatabase(postgresUrl, name, "outbox_relay");
  const relays: RelayProcess[] = [];
  const loads: Load[] = [];
  let disposed = false;

  async function ask<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await eventually(() => pool.query<Row>(sql, values), {
      timeoutMs: 60_000,
      intervalMs: 100,
    });
    return rows;
  }

  return {
    pool,
    topic,
    slot,
    brokers,
    databaseUrl,
    relayUrl,
    relays,
    ask,
    relay(more = {}) {
      if (disposed) throw new Error("the case is over: no relay is started any more");
      const relay = spawnRelayProcess(`${relays.length + 1}`, {
        DATABASE_URL: relayUrl,
        KAFKA_BROKERS: brokers,
        RELAY_NAME: slot,
        RELAY_SLOT: slot,
        RELAY_TOPICS: `order=${topic}`,
        OPS_PORT: "0",
        LOG_LEVEL: "info",
        KAFKA_CLIENT: process.env.KAFKA_CLIENT ?? "",
        ...settings,
        ...more,
      });
      relays.push(relay);
      return relay;
    },
    load(options = {}) {
      if (disposed) throw new Error("the case is over: nothing is written any more");
      const load = startLoad(databaseUrl, { random, ...options });
      loads.push(load);
      return load;
    },
    async flowing(from = performance.now(), timeoutMs = 60_000) {
      const [begin] = await ask<{ xid: string }>(
        "select pg_snapshot_xmax(pg_current_snapshot())::text as xid",
      );
      await eventually(
        async () => {
          const { rows } = await pool.query(
            `select exists (select from relay_checkpoint c, outbox o
                             where c.relay = $1 and o.transaction_id >= $2::xid8
                               and pg_visible_in_snapshot(o.transaction_id, c.published)) as flowing`,
            [slot, begin?.xid],
          );
          if (!rows[0].flowing) throw new Error("nothing that was written after the fault is published");
        },
        { timeoutMs, intervalMs: 50 },
      );
      return performance.now() - from;
    },
    async caughtUp(timeoutMs = 60_000) {
      await eventually(
        async () => {
          const { rows } = await pool.query(
            `select (select count(*)::int from outbox o
                      where o.transaction_id >= pg_snapshot_xmin(c.published)
                        and not pg_visible_in_snapshot(o.transaction_id, c.published)) as missing
               from relay_checkpoint c where relay = $1`,
            [slot],
          );
          if (rows[0]?.missing !== 0) throw new Error(`${rows[0]?.missing ?? "all"} rows are not published`);
        },
        { timeoutMs, intervalMs: 100 },
      );
    },
    check: (options = {}) => checkOutbox(pool, topic, { ...options, brokers }),
    async dispose() {
      disposed = true;
      await Promise.all(relays.map((relay) => relay.kill()));
      await Promise.all(loads.map((load) => load.stop()));
      await pool.end();
      if (drop) await asSuperuser(postgresUrl, (client) => dropDatabase(client, name));
    },
  };
}
