import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { installOlderPostgres, olderMajors } from "../../test/support/older-postgres.ts";
import { type OwnDatabase, startOwnDatabase } from "../../test/support/own-database.ts";
import type { ServiceProcess } from "../../test/support/service-process.ts";
import { checkOutbox, nothingWrong } from "./testing/outbox-check.ts";
import { insertRows } from "./testing/outbox-rows.ts";
import { examineServers } from "./testing/running-doctor.ts";
import { spawnRelay } from "./testing/running-relay.ts";

describe.each(olderMajors)("on PostgreSQL %s", (major) => {
  let database: OwnDatabase;
  let pool: pg.Pool;
  let relay: ServiceProcess | undefined;

  beforeEach(async () => {
    vi.stubEnv("POSTGRES_PROGRAMS", await installOlderPostgres(major));
    database = await startOwnDatabase();
    pool = new pg.Pool({ connectionString: database.ownerUrl });
  }, 180_000);

  afterEach(async () => {
    await relay?.end("SIGKILL");
    await pool.end();
    await database.dispose();
    vi.unstubAllEnvs();
  });

  test("events come once and in order through the WAL, through polling and over kills, and the doctor finds nothing that fails", async () => {
    const { rows } = await pool.query("select current_setting('server_version_num')::int / 10000 as major");
    expect(rows).toEqual([{ major }]);
    const topic = uniqueTopic(`postgres-${major}`);
    const rounds = ["cdc", "polling", "auto"];
    for (const [round, mode] of rounds.entries()) {
      relay = spawnRelay({
        databaseUrl: database.relayUrl,
        slot: "older",
        topic,
        more: { RELAY_MODE: mode },
      });
      // The first rows of each round meet a relay that starts, the others one that streams, or polls.
      for (const half of [0, 1]) {
        await insertRows(pool, { count: 200, firstVersion: 1 + round * 1_000 + half * 500 });
        await eventually(
          async () => {
            const found = await pool.query(
              "select count(*)::int from outbox_status where status = 'processed'",
            );
            expect(found.rows[0].count).toBe(round * 400 + (half + 1) * 200);
          },
          { timeoutMs: 25_000 },
        );
      }
      await eventually(async () => {
        const slot = await pool.query("select active from pg_replication_slots where slot_name = 'older'");
        expect(slot.rows).toEqual([{ active: mode !== "polling" }]);
      });
      await relay.end("SIGKILL");
    }
    expect(await checkOutbox(pool, topic)).toEqual({ committed: 400 * rounds.length, ...nothingWrong });
    const findings = await examineServers({ area: "postgres", databaseUrl: database.relayUrl });
    expect(findings.filter(({ status }) => status === "failed")).toEqual([]);
  }, 120_000);
});
