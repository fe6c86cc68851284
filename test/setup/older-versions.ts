import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installOlderPostgres, olderMajors } from "../support/older-postgres.ts";

/** `npm run test:postgres -- [majors] [words]`: the tests with servers (whose path has the words), on each of these versions of PostgreSQL. */
const args = process.argv.slice(2);
const words = args.filter((arg) => !/^\d+$/.test(arg));
const asked = args.filter((arg) => /^\d+$/.test(arg)).map(Number);
const unknown = asked.filter((major) => !olderMajors.some((known) => known === major));
if (unknown.length > 0) {
  console.error(`there is no older PostgreSQL ${unknown.join(", ")} here, but ${olderMajors.join(", ")}`);
  process.exit(2);
}

const root = join(import.meta.dirname, "../..");
const failed: number[] = [];
for (const major of olderMajors.filter((each) => asked.length === 0 || asked.includes(each))) {
  console.log(`\non PostgreSQL ${major}:`);
  const POSTGRES_PROGRAMS = await installOlderPostgres(major);
  const { status } = spawnSync("vitest", ["run", "--project", "servers", ...words], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, POSTGRES_PROGRAMS },
  });
  if (status !== 0) failed.push(major);
}
if (failed.length > 0) console.error(`\ntests failed on PostgreSQL ${failed.join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;
