import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Random } from "./random.ts";

/** Writers of outbox rows. Whether a commit came through that got no answer is decided by the table: it alone is asked later. */
export interface Load {
  /** Resolves when no writer has a transaction open any more. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly random: Random;
  readonly writers?: number;
  readonly keys?: number;
  readonly rowsPerSecond?: number;
  /** How a transaction ends that is neither rolled back nor committed at once: given its session, while it is open. */
  readonly commit?: (client: pg.Client) => Promise<unknown>;
}

/**
 * What the writers call. The version is drawn under the row lock of its aggregate, as the API does it: several writers share the keys,
 * and per key the versions, the positions and the commits have one order. Every payload has what a careless reader changes:
 * integers beyond 2^53, a decimal with a trailing zero, and text outside of ASCII.
 */
export const LOAD_SCHEMA = `
  create table chaos_aggregate (id text primary key, version bigint not null);
  create function chaos_write(aggregate text, padding integer default 20, type text default 'order') returns bigint language sql as $$
    with raised as (
      insert into chaos_aggregate as a (id, version) values (aggregate, 1)
      on conflict (id) do update set version = a.version + 1
      returning version)
    insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers)
    select gen_random_uuid(), type, aggregate, version, case version when 1 then 'OrderCreated' else 'OrderChanged' end,
           jsonb_build_object('total', 9007199254740993 + version, 'price', 0.10, 'name', 'Łódź 日本 🎉 ' || aggregate,
                              'padding', repeat('ß', padding)),
           jsonb_build_object('traceparent', '00-' || md5(aggregate) || '-' || lpad(to_hex(version), 16, '0') || '-01')
      from raised
    returning aggregate_version
  $$;`;

export function startLoad(databaseUrl: string, options: LoadOptions): Load {
  const { random, writers = 4, keys = 40, rowsPerSecond = 300 } = options;
  const msPerRow = (1000 * writers) / rowsPerSecond;
  let stopped = false;

  async function write(): Promise<void> {
    let client: pg.Client | undefined;
    while (!stopped) {
      const began = performance.now();
      let rows = 1;
      try {
        client ??= await connect(databaseUrl);
        rows = await writeTransaction(client, random, keys, options.commit);
      } catch {
        await client?.end().catch(() => {});
        client = undefined;
        await sleep(50);
      }
      await sleep(Math.max(0, rows * msPerRow - (performance.now() - began)));
    }
    await client?.end().catch(() => {});
  }

  const writing = Array.from({ length: writers }, write);
  return {
    async stop() {
      stopped = true;
      await Promise.all(writing);
    },
  };
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "chaos load",
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
  });
  client.on("error", () => {}); // the next query tells
  await client.connect();
  return client;
}

/** One to five rows, with or without savepoints; some are rolled back. Returns how many rows it has tried. */
async function writeTransaction(
  client: pg.Client,
  random: Random,
  keys: number,
  commit = (session: pg.Client): Promise<unknown> => session.query("commit"),
): Promise<number> {
  const parts = random.between(1, 2);
  let rows = 0;
  await client.query("begin");
  try {
    for (let part = 0; part < parts; part++) {
      const undone = random.chance(0.2);
      const count = random.between(1, parts === 1 ? 5 : 3);
      // Sorted: two transactions that lock in different orders would end in a deadlock. The second part may still meet one.
      const chosen = Array.from({ length: count }, () => `order-${random.between(1, keys)}`).sort();
      if (undone || random.chance(0.2)) await client.query("savepoint part");
      const padding = random.chance(0.02) ? 10_000 : random.between(0, 200);
      await client.query("select chaos_write(aggregate, $2) from unnest($1::text[]) aggregate", [
        chosen,
        padding,
      ]);
      if (undone) await client.query("rollback to part");
      rows += count;
    }
    if (random.chance(0.1)) await client.query("rollback");
    else await commit(client);
    return rows;
  } catch (error) {
    // A deadlock or the like; after a broken connection this fails as well.
    await client.query("rollback");
    if ((error as { code?: string }).code === "40P01") return rows;
    throw error;
  }
}
