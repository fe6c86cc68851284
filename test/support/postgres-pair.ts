import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { expect } from "vitest";
import { type RunningPostgres, startPostgres } from "../../deploy/local/postgres.ts";
import { postgresAccount } from "../../deploy/local/postgres-account.ts";
import { locatePostgres, removePostgresData } from "../../deploy/local/postgres-files.ts";
import { runProgram } from "../../deploy/local/run-program.ts";
import { createTemplateDatabase } from "../setup/template-database.ts";
import { asSuperuser, withDatabase } from "./database.ts";
import { eventually } from "./eventually.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

/** A primary and its physical standby, and one address for both: that of whichever is the primary. */
export interface PostgresPair {
  /** Of the database `orders`, at the address that moves. */
  readonly url: { readonly owner: string; readonly api: string; readonly relay: string };
  /** The superuser's, in the database `orders`, past the address that moves. */
  readonly primaryUrl: string;
  readonly standbyUrl: string;
  /** Has the standby keep a copy of a failover slot. Resolves when the copy is there. */
  syncSlot(slot: string): Promise<void>;
  /** The standby gets nothing any more, and nobody is told. */
  stallReplication(): void;
  /** Lets all that was held back through. */
  restoreReplication(): void;
  /** Ends the primary as a crash does, promotes the standby and leads the address to it. */
  failOver(): Promise<void>;
  dispose(): Promise<void>;
}

const DATABASE = "orders";
const STANDBY = "standby";
const silent = () => {};

export interface PairOptions {
  /** What a client is told is committed is on both. */
  readonly synchronous: boolean;
  /** The primary's walsenders wait for the standby (`synchronized_standby_slots`). */
  readonly slotsWait: boolean;
}

export async function startPostgresPair({ synchronous, slotsWait }: PairOptions): Promise<PostgresPair> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-pair-"));
  await chmod(folder, 0o711); // Postgres may run as another user, who has to pass through
  undo.defer(() => rm(folder, { recursive: true, force: true }));

  const start = async (name: "primary" | "standby", settings: Record<string, string>, port = 0) => {
    const server = await startPostgres({
      dataDir: join(folder, name),
      port,
      fsync: false,
      settings,
      log: silent,
    });
    undo.defer(() => server.stop("immediate").catch(silent));
    return server;
  };
  for (const name of ["primary", "standby"]) undo.defer(() => removePostgresData(join(folder, name)));

  const seed = await start("primary", {});
  await createTemplateDatabase(seed.superuserUrl(), DATABASE);
  await seed.stop();
  await copyData(folder);

  const primary = await start("primary", {}, seed.port);
  await asSuperuser(primary.superuserUrl(), async (client) => {
    await client.query("select pg_create_physical_replication_slot($1, true)", [STANDBY]);
  });
  const replication = await startTcpProxy({ host: "127.0.0.1", port: primary.port });
  undo.defer(() => replication.close());
  const standby = await start("standby", {
    primary_conninfo: `host=127.0.0.1 port=${replication.port} user=postgres password=postgres dbname=postgres application_name=${STANDBY}`,
    primary_slot_name: STANDBY,
    hot_standby_feedback: "on",
    wal_receiver_status_interval: "1s",
  });
  await asSuperuser(primary.superuserUrl(), async (client) => {
    if (synchronous) await set(client, "synchronous_standby_names", STANDBY);
    if (slotsWait) await set(client, "synchronized_standby_slots", STANDBY);
  });

  let current: RunningPostgres = primary;
  const proxy = await startTcpProxy({
    host: "127.0.0.1",
    get port() {
      return current.port;
    },
  });
  undo.defer(() => proxy.close());
  const address = `postgres://postgres:postgres@127.0.0.1:${proxy.port}`;
  const disposal = undo.move();
  return {
    url: {
      owner: withDatabase(address, DATABASE),
      api: withDatabase(address, DATABASE, "orders_api"),
      relay: withDatabase(address, DATABASE, "outbox_relay"),
    },
    primaryUrl: primary.superuserUrl(DATABASE),
    standbyUrl: standby.superuserUrl(DATABASE),
    async syncSlot(slot) {
      await asSuperuser(primary.superuserUrl(), (onPrimary) =>
        asSuperuser(standby.superuserUrl(), async (onStandby) => {
          await set(onStandby, "sync_replication_slots", "on");
          await eventually(
            async () => {
              // Only at such a record does a slot move where it begins to read, for which its copy waits; else one comes every 15 s.
              await onPrimary.query("select pg_log_standby_snapshot()");
              const { rows } = await onStandby.query(
                "select synced, temporary from pg_replication_slots where slot_name = $1",
                [slot],
              );
              expect(rows).toEqual([{ synced: true, temporary: false }]);
            },
            { timeoutMs: 60_000 },
          );
        }),
      );
    },
    stallReplication: () => replication.stall(),
    restoreReplication: () => replication.restore(),
    async failOver() {
      await primary.stop("immediate");
      replication.cut();
      proxy.cut();
      await asSuperuser(standby.superuserUrl(), (client) => client.query("select pg_promote()"));
      current = standby;
      proxy.restore();
    },
    dispose: () => disposal.disposeAsync(),
  };
}

async function set(client: pg.Client, setting: string, value: string): Promise<void> {
  await client.query(`alter system set ${setting} = '${value}'`);
  await client.query("select pg_reload_conf()");
}

/** As a base backup does it, of a server that does not run. */
async function copyData(folder: string): Promise<void> {
  const account = await postgresAccount();
  const from = await locatePostgres(join(folder, "primary"), account);
  const to = await locatePostgres(join(folder, "standby"), account);
  await runProgram("cp", ["-a", from.data, to.data]);
  await writeFile(join(to.data, "standby.signal"), "");
}
