import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asSuperuser } from "../../test/support/database.ts";
import { type RunningPostgres, startPostgres } from "./postgres.ts";
import { removePostgresData } from "./postgres-files.ts";

const folder = mkdtempSync(join(tmpdir(), "postgres-test-"));
chmodSync(folder, 0o711);
const options = { dataDir: join(folder, "data"), port: 0, fsync: false, log: () => {} };
let postgres: RunningPostgres;

beforeAll(async () => {
  postgres = await startPostgres(options);
});
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const setting = (name: string) =>
  asSuperuser(postgres.superuserUrl(), async (client) => (await client.query(`show ${name}`)).rows[0][name]);

describe("Postgres", () => {
  test("is ready for logical replication, on loopback only", async () => {
    expect(await setting("wal_level")).toBe("logical");
    expect(await setting("listen_addresses")).toBe("127.0.0.1");
    expect(await setting("max_replication_slots")).toBe("20");
    expect(await setting("max_slot_wal_keep_size")).toBe("4GB");
  });

  test("asks for the password", async () => {
    const url = new URL(postgres.superuserUrl());
    url.password = "wrong";
    await expect(asSuperuser(url.href, (client) => client.query("select 1"))).rejects.toThrow(
      "password authentication failed",
    );
  });

  test("refuses a port in use by its number", async () => {
    const second = startPostgres({ ...options, dataDir: join(folder, "second"), port: postgres.port });
    await expect(second).rejects.toThrow(`port ${postgres.port} for Postgres is in use`);
  });

  test("keeps what was committed over an immediate stop, with more settings after it", async () => {
    await asSuperuser(postgres.superuserUrl(), (client) =>
      client.query("create table kept as select 1 as n"),
    );
    const before = postgres;
    postgres = await before.restart({ mode: "immediate", settings: { wal_sender_timeout: "5s" } });
    await before.exited;
    expect(postgres.port).toBe(before.port);
    expect(postgres.pid).not.toBe(before.pid);
    expect(await setting("wal_sender_timeout")).toBe("5s");
    await asSuperuser(postgres.superuserUrl(), async (client) => {
      expect((await client.query("select n from kept")).rows).toEqual([{ n: 1 }]);
    });
  });

  test("a fast stop ends the sessions that are open", async () => {
    const client = new pg.Client({ connectionString: postgres.superuserUrl() });
    const ended = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    postgres = await postgres.restart({ mode: "fast" });
    expect(String(await ended)).toContain("terminating connection due to administrator command");
  });

  test("a setting that it does not know is an error with what Postgres said", async () => {
    const start = startPostgres({
      ...options,
      dataDir: join(folder, "third"),
      settings: { no_such_setting: "1" },
    });
    await expect(start).rejects.toThrow(/ended while starting.*no_such_setting/s);
  });

  test.runIf(process.getuid?.() === 0)(
    "started by root it runs as another user, also from a folder closed to that user",
    async () => {
      const closed = mkdtempSync(join(tmpdir(), "closed-to-others-")); // 0700, root's
      const dataDir = join(closed, "data");
      const sheltered = await startPostgres({ ...options, dataDir });
      try {
        await asSuperuser(sheltered.superuserUrl(), (client) => client.query("create table kept ()"));
        const again = await sheltered.restart();
        await asSuperuser(again.superuserUrl(), (client) => client.query("select from kept"));
        await again.stop();
      } finally {
        await sheltered.stop();
        await removePostgresData(dataDir);
        rmSync(closed, { recursive: true });
      }
    },
  );
});
