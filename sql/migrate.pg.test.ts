import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { asSuperuser, withDatabase } from "../test/support/database.ts";
import { testServers } from "../test/support/servers.ts";

const { databaseUrl, databasePrefix } = testServers();
const name = `${databasePrefix}migrate_${randomBytes(4).toString("hex")}`;

beforeAll(() => asSuperuser(databaseUrl, (client) => client.query(`create database ${name}`)));
afterAll(() => asSuperuser(databaseUrl, (client) => client.query(`drop database ${name}`)));

/** `npm run migrate` with these variables and no others. */
function migrate(env: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, "migrate.ts")], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

test("with DATABASE_URL alone it applies every migration in order, and repeated it has nothing to do", async () => {
  const url = withDatabase(databaseUrl, name);
  const migrations = readdirSync(join(import.meta.dirname, "migrations"))
    .toSorted()
    .map((file) => file.replace(".sql", ""));
  expect(await migrate({ DATABASE_URL: url })).toEqual({
    code: 0,
    output: `applied ${migrations.join(", ")}\n`,
  });
  expect(await migrate({ DATABASE_URL: url })).toEqual({ code: 0, output: "nothing to apply\n" });
});

test("of several that start at once one applies all, and the others wait for it and find nothing to do", async () => {
  const other = `${name}_at_once`;
  await asSuperuser(databaseUrl, (client) => client.query(`create database ${other}`));
  try {
    const DATABASE_URL = withDatabase(databaseUrl, other);
    const runs = await Promise.all(Array.from({ length: 3 }, () => migrate({ DATABASE_URL })));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(runs.filter(({ output }) => output === "nothing to apply\n")).toHaveLength(2);
  } finally {
    await asSuperuser(databaseUrl, (client) => client.query(`drop database ${other}`));
  }
});

test("without DATABASE_URL it names the variable and ends with exit code 2", async () => {
  const { code, output } = await migrate({});
  expect(code).toBe(2);
  expect(output).toContain("DATABASE_URL: is required");
});

test("what fails ends with exit code 1 and shows no password", async () => {
  const { code, output } = await migrate({ DATABASE_URL: "postgres://owner:s3cret@127.0.0.1:1/orders" });
  expect(code).toBe(1);
  expect(output).toMatch(/^migration failed: /);
  expect(output).not.toContain("s3cret");
});
