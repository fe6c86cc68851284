import { randomBytes } from "node:crypto";
import type { TestProject } from "vitest/node";
import { asSuperuser } from "../support/database.ts";
import { startServerSet } from "./server-set.ts";
import { createTemplateDatabase, dropRunDatabases } from "./template-database.ts";

/**
 * Vitest's global setup of the tests that need servers: brings up the servers and the template of the test databases, and
 * hands their addresses to the tests. Returns the teardown.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const begin = Date.now();
  const log = (line: string) => console.log(`  ${line} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  console.log("servers for the tests:");
  const { stop, ...servers } = await startServerSet(process.env, log);

  const databasePrefix = `test_${randomBytes(4).toString("hex")}_`;
  const templateDatabase = `${databasePrefix}template`;
  const dropDatabases = () => dropRunDatabases(servers.databaseUrl, databasePrefix, templateDatabase);
  let postgresMajor: number;
  try {
    postgresMajor = await majorOf(servers.databaseUrl);
    await createTemplateDatabase(servers.databaseUrl, templateDatabase);
  } catch (error) {
    await dropDatabases();
    await stop();
    throw error;
  }
  log("the template of the test databases is migrated");
  project.provide("servers", { ...servers, postgresMajor, databasePrefix, templateDatabase });

  return async () => {
    const forgotten = await dropDatabases();
    await stop();
    if (forgotten.length > 0) {
      console.warn(`${forgotten.length} test databases were not dropped by their tests (drop() in afterAll)`);
    }
  };
}

function majorOf(databaseUrl: string): Promise<number> {
  return asSuperuser(databaseUrl, async (client) => {
    const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major");
    return rows[0].major;
  });
}
