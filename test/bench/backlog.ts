import { randomBytes } from "node:crypto";
import pg from "pg";
import { createTemplateDatabase } from "../setup/template-database.ts";
import { asSuperuser, withDatabase } from "../support/database.ts";
import { dropDatabase } from "../support/drop-database.ts";

/** A database whose outbox has rows that nobody has read yet; each run reads all of them, from a slot of its own. */
export interface Backlog {
  readonly databaseUrl: string;
  /** For the role of the relay. */
  readonly relayUrl: string;
  readonly pool: pg.Pool;
  /** The end of the WAL after the last row. */
  readonly endLsn: string;
  /** A new slot that stands before the first row. */
  openSlot(): Promise<string>;
  /** The same, with the checkpoint of a relay of that name that has read nothing of the backlog. */
  openRelay(): Promise<string>;
  dispose(): Promise<void>;
}

export interface BacklogOptions {
  readonly rows: number;
  /** Rows in each transaction. */
  readonly transaction?: number;
}

const KEYS = 1_000;
/** With the other columns a row comes to some 300 bytes. */
const PADDING = 150;

export async function openBacklog(
  postgresUrl: string,
  { rows, transaction = 1 }: BacklogOptions,
): Promise<Backlog> {
  const name = `bench_${randomBytes(4).toString("hex")}`;
  await createTemplateDatabase(postgresUrl, name);
  const databaseUrl = withDatabase(postgresUrl, name);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4, application_name: "bench" });
  pool.on("error", () => {}); // the next query tells
  let slots = 0;

  const { rows: begin } = await pool.query<{ lsn: string; snapshot: string }>(
    `select lsn::text, pg_current_snapshot()::text as snapshot
       from pg_create_logical_replication_slot($1, 'pgoutput')`,
    [name],
  );
  await fill(pool, rows, transaction);
  const { rows: end } = await pool.query<{ lsn: string }>("select pg_current_wal_lsn()::text as lsn");

  async function openSlot(): Promise<string> {
    slots += 1;
    const slot = `${name}_${slots}`;
    await pool.query("select pg_copy_logical_replication_slot($1, $2)", [name, slot]);
    return slot;
  }

  return {
    databaseUrl,
    relayUrl: withDatabase(postgresUrl, name, "outbox_relay"),
    pool,
    endLsn: end[0]?.lsn ?? "",
    openSlot,
    async openRelay() {
      const slot = await openSlot();
      await pool.query("insert into relay_checkpoint (relay, confirmed_lsn, published) values ($1, $2, $3)", [
        slot,
        begin[0]?.lsn,
        begin[0]?.snapshot,
      ]);
      return slot;
    },
    async dispose() {
      await pool.end();
      await asSuperuser(postgresUrl, (client) => dropDatabase(client, name));
    },
  };
}

async function fill(pool: pg.Pool, rows: number, transaction: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("set synchronous_commit to off");
    await client.query(`
      do $$ begin
        for number_of_first in 0 .. ${rows - 1} by ${transaction} loop
          insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
          select gen_random_uuid(), 'order', 'order-' || (i % ${KEYS}), i / ${KEYS} + 1, 'OrderCreated',
                 jsonb_build_object('number', i, 'padding', repeat('x', ${PADDING}))
            from generate_series(number_of_first, least(number_of_first + ${transaction}, ${rows}) - 1) i;
          commit;
        end loop;
      end $$`);
    // Before the first run, not during it.
    await client.query("vacuum analyze outbox");
    await client.query("checkpoint");
  } finally {
    client.release(true);
  }
}
