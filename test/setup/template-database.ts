import { readFile } from "node:fs/promises";
import pg from "pg";
import { migrate } from "../../sql/migrate.ts";
import { asSuperuser, rolePassword, withDatabase } from "../support/database.ts";
import { dropDatabase } from "../support/drop-database.ts";

// Roles belong to the cluster: two runs on the same servers must not create or alter them at once.
const rolesLock = 7_203_118_455;

/** Makes a migrated database with the roles' rights, and gives the two roles the password of the tests. */
export async function createTemplateDatabase(databaseUrl: string, name: string): Promise<void> {
  const roles = await readFile(new URL("../../sql/roles.sql", import.meta.url), "utf8");
  const templateUrl = withDatabase(databaseUrl, name);
  await asSuperuser(databaseUrl, async (client) => {
    await client.query(`create database ${pg.escapeIdentifier(name)}`);
    await migrate(templateUrl, () => {});
    // Taken in this database, not in the template: advisory locks are seen within one database only.
    await client.query("select pg_advisory_lock($1)", [rolesLock]);
    await asSuperuser(templateUrl, async (template) => {
      await template.query(roles);
      for (const role of ["orders_api", "outbox_relay"]) {
        await template.query(`alter role ${role} password ${pg.escapeLiteral(rolePassword)}`);
      }
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
