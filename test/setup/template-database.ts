import pg from "pg";
import { migrate } from "../../sql/migrate.ts";
import { applyRoles } from "../../sql/roles.ts";
import { asSuperuser, rolePassword, withDatabase } from "../support/database.ts";
import { dropDatabase } from "../support/drop-database.ts";

// Roles belong to the cluster: two runs on the same servers must not create or alter them at once.
const rolesLock = 7_203_118_455;

/** Makes a database as a platform team would: the roles, then the migrations as the owner, then the roles' rights. */
export async function createTemplateDatabase(databaseUrl: string, name: string): Promise<void> {
  await createEmptyDatabase(databaseUrl, name);
  const ownerUrl = withDatabase(databaseUrl, name, "orders_owner");
  await migrate(ownerUrl, () => {});
  await applyRoles(ownerUrl);
}

/** With the roles, which get the password of the tests, and without any tables. */
export async function createEmptyDatabase(databaseUrl: string, name: string): Promise<void> {
  await asSuperuser(databaseUrl, async (client) => {
    await client.query(`create database ${pg.escapeIdentifier(name)}`);
    // Taken in this database, not in the new one: advisory locks are seen within one database only.
    await client.query("select pg_advisory_lock($1)", [rolesLock]);
    await applyRoles(withDatabase(databaseUrl, name), {
      orders_owner: rolePassword,
      orders_api: rolePassword,
      outbox_relay: rolePassword,
      outbox_operator: rolePassword,
    });
  });
}

/** Drops what is left of this run's databases; returns the names of those that a test should have dropped. */
export async function dropRunDatabases(
  databaseUrl: string,
  prefix: string,
  template: string,
): Promise<string[]> {
  return asSuperuser(databaseUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1)",
      [prefix],
    );
    const forgotten = rows.map((row) => row.datname).filter((name) => name !== template);
    for (const name of [template, ...forgotten]) await dropDatabase(client, name).catch(() => {});
    return forgotten;
  });
}
