import { chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { type RunningPostgres, startPostgres } from "../../deploy/local/postgres.ts";
import { postgresAccount } from "../../deploy/local/postgres-account.ts";
import { locatePostgres, removePostgresData } from "../../deploy/local/postgres-files.ts";
import { runProgram } from "../../deploy/local/run-program.ts";
import { createTemplateDatabase } from "../../test/setup/template-database.ts";
import { asSuperuser, withDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRows } from "./testing/outbox-rows.ts";
import { startRelay } from "./testing/running-relay.ts";

const RESTORE_POINT = "before the accident";
const silent = () => {};

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

interface Archived {
  readonly url: { readonly owner: string; readonly relay: string };
  takeBackup(): Promise<void>;
  /** All that is committed until now will be there again. */
  setRestorePoint(): Promise<void>;
  /** The server crashes, and comes back from the backup and the archive as it was at the restore point. */
  restore(): Promise<void>;
}

/** A server whose WAL is archived, and what an operator does with it (PostgreSQL's manual, 25.3, "Continuous Archiving"). */
async function startArchivedPostgres(): Promise<Archived> {
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-backup-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711); // Postgres may run as another user, who has to pass through
  const account = await postgresAccount();
  const dataDir = join(folder, "data");
  stack.defer(() => removePostgresData(dataDir));
  const { data } = await locatePostgres(dataDir, account);
  const backup = `${data}-backup`;
  stack.defer(() => rm(backup, { recursive: true, force: true }));
  const archive = join(folder, "archive");
  await mkdir(archive);
  if (account) await chown(archive, account.uid, account.gid);

  const start = (settings: Record<string, string>, port = 0): Promise<RunningPostgres> =>
    startPostgres({ dataDir, port, fsync: false, settings, log: silent });
  let server = await start({ archive_mode: "on", archive_command: `cp %p ${archive}/%f` });
  stack.defer(() => server.stop("immediate").catch(silent));
  await createTemplateDatabase(server.superuserUrl(), "orders");
  const ask = <T>(work: (client: pg.Client) => Promise<T>) => asSuperuser(server.superuserUrl(), work);

  return {
    url: {
      owner: server.superuserUrl("orders"),
      relay: withDatabase(server.superuserUrl(), "orders", "outbox_relay"),
    },
    takeBackup: () =>
      ask(async (client) => {
        await client.query("select pg_backup_start('test', true)");
        await runProgram("cp", ["-a", data, backup]);
        const { rows } = await client.query("select labelfile from pg_backup_stop(false)");
        for (const left of ["pg_wal", "pg_replslot"]) {
          await runProgram("find", [join(backup, left), "-mindepth", "1", "-delete"]);
        }
        await rm(join(backup, "postmaster.pid"));
        const label = join(backup, "backup_label");
        await writeFile(label, rows[0].labelfile);
        if (account) await chown(label, account.uid, account.gid);
      }),
    setRestorePoint: () =>
      ask((client) => client.query("select pg_create_restore_point($1)", [RESTORE_POINT])).then(silent),
    async restore() {
      await ask(async (client) => {
        const { rows } = await client.query("select pg_walfile_name(pg_switch_wal()) as last");
        await eventually(async () => {
          const archived = await client.query(
            "select last_archived_wal >= $1 as done from pg_stat_archiver",
            [rows[0].last],
          );
          expect(archived.rows).toEqual([{ done: true }]);
        });
      });
      const { port } = server;
      await server.stop("immediate");
      await rm(data, { recursive: true });
      await rename(backup, data);
      await writeFile(join(data, "recovery.signal"), "");
      server = await start(
        {
          restore_command: `cp ${archive}/%f %p`,
          recovery_target_name: RESTORE_POINT,
          recovery_target_action: "promote",
        },
        port,
      );
      await eventually(async () => {
        const { rows } = await ask((client) => client.query("select pg_is_in_recovery() as recovering"));
        expect(rows).toEqual([{ recovering: false }]);
      });
    },
  };
}

async function processed(pool: pg.Pool, count: number): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await pool.query("select status, count(*)::int from outbox_status group by 1");
      expect(rows).toEqual([{ status: "processed", count }]);
    },
    { timeoutMs: 40_000 },
  );
}

test.each([
  ["that runs all the time", false],
  ["that is started anew", true],
])(
  "after a recovery to a point in time a relay %s publishes what is in the database: once, in order",
  async (_, restarted) => {
    const postgres = await startArchivedPostgres();
    const pool = new pg.Pool({ connectionString: postgres.url.owner });
    pool.on("error", silent); // its sessions end with the server
    stack.defer(() => pool.end());
    const topic = uniqueTopic("base-backup");
    const start = () => startRelay({ databaseUrl: postgres.url.relay, slot: "orders", topic });
    let relay = await start();
    stack.defer(() => relay.stop());

    await insertRows(pool, { count: 200 });
    await processed(pool, 200);
    await postgres.takeBackup();
    await insertRows(pool, { count: 200, firstVersion: 1_000 });
    await processed(pool, 400);
    // These the database will have, but hardly that they are published.
    await insertRows(pool, { count: 200, firstVersion: 2_000 });
    await postgres.setRestorePoint();
    await processed(pool, 600);
    await insertRows(pool, { count: 200, firstVersion: 3_000 });
    await processed(pool, 800);
    const undone = new Set(
      (await pool.query<{ id: string }>("select id from outbox where aggregate_version >= 3000")).rows.map(
        ({ id }) => id,
      ),
    );

    if (restarted) await relay.stop();
    await postgres.restore();
    if (restarted) relay = await start();
    await eventually(() => insertRows(pool, { count: 200, firstVersion: 4_000 }));
    await processed(pool, 800);
    await insertRows(pool, { count: 200, firstVersion: 5_000 });
    await processed(pool, 1_000);
    const ignore = ({ headers }: { headers: Record<string, string | undefined> }) =>
      undone.has(headers.ce_id ?? "");
    expect(await checkOutbox(pool, topic, { ignore })).toEqual({ committed: 1_000, ...nothingWrong });
    await eventually(async () => {
      const slot = await pool.query("select active from pg_replication_slots where slot_name = 'orders'");
      expect(slot.rows).toEqual([{ active: true }]);
    });
  },
  120_000,
);
