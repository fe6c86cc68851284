import pg from "pg";
import { LogicalReplicationService, PgoutputPlugin } from "pg-logical-replication";
import { describe, expect, test } from "vitest";
import { asSuperuser, createTestDatabase } from "./database.ts";
import { testServers } from "./servers.ts";

const withMaintenanceDatabase = (work: (client: pg.Client) => Promise<void>) =>
  asSuperuser(testServers().databaseUrl, work);

describe("a test database", () => {
  test("has the migrations, and lets both roles in with no more than their rights", async () => {
    const database = await createTestDatabase();
    await asSuperuser(database.ownerUrl, async (owner) => {
      const { rows } = await owner.query("select count(*)::int as applied from migrations");
      expect(rows[0].applied).toBeGreaterThan(0);
    });
    await asSuperuser(database.apiUrl, async (api) => {
      expect((await api.query("select current_user")).rows[0].current_user).toBe("orders_api");
      await api.query("select * from orders");
      await expect(api.query("select * from outbox")).rejects.toThrow("permission denied");
    });
    await asSuperuser(database.relayUrl, async (relay) => {
      await relay.query("select * from outbox_status");
      await expect(relay.query("insert into outbox default values")).rejects.toThrow("permission denied");
    });
    await database.drop();
  });

  test("shares nothing with another one", async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    expect(one.name).not.toBe(other.name);
    const insert = "insert into relay_checkpoint (relay) values ('r')";
    await asSuperuser(one.ownerUrl, (client) => client.query(insert));
    await asSuperuser(other.ownerUrl, async (client) => {
      expect((await client.query("select * from relay_checkpoint")).rows).toEqual([]);
    });
    await Promise.all([one.drop(), other.drop()]);
  });

  test("is dropped with its replication slot", async () => {
    const database = await createTestDatabase();
    const slot = `slot_${database.name}`;
    await asSuperuser(database.ownerUrl, async (owner) => {
      await owner.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
    });
    await database.drop();
    await withMaintenanceDatabase(async (client) => {
      expect(
        (await client.query("select 1 from pg_replication_slots where slot_name = $1", [slot])).rows,
      ).toEqual([]);
      expect(
        (await client.query("select 1 from pg_database where datname = $1", [database.name])).rows,
      ).toEqual([]);
    });
  });

  test("is dropped while its slot is being streamed, and the stream is named as left open", async () => {
    const database = await createTestDatabase();
    const slot = `slot_${database.name}`;
    await asSuperuser(database.ownerUrl, async (owner) => {
      await owner.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
    });
    const stream = new LogicalReplicationService({ connectionString: database.ownerUrl });
    stream.on("error", () => {}); // the rejection below carries it
    const started = new Promise<void>((resolve) => stream.on("start", resolve));
    const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: ["outbox"] });
    const ended = expect(stream.subscribe(plugin, slot)).rejects.toThrow("terminating connection");
    await started;
    await expect(database.drop()).rejects.toThrow(/walsender/);
    await ended;
    await withMaintenanceDatabase(async (client) => {
      expect(
        (await client.query("select 1 from pg_replication_slots where slot_name = $1", [slot])).rows,
      ).toEqual([]);
    });
  });

  test("names the connections that a test left open, and is dropped all the same", async () => {
    const database = await createTestDatabase();
    const leaked = new pg.Client({ connectionString: database.ownerUrl, application_name: "leaky pool" });
    leaked.on("error", () => {}); // terminated by the drop
    await leaked.connect();
    await leaked.query("select 'left behind'");
    await expect(database.drop()).rejects.toThrow(/leaky pool.*left behind/s);
    await expect(asSuperuser(database.ownerUrl, (client) => client.query("select 1"))).rejects.toThrow(
      "does not exist",
    );
  });
});
