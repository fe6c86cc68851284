import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { findPostgresProgram } from "./postgres-programs.mjs";

function folderWith(...programs: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "postgres-programs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const program of programs) {
    mkdirSync(join(folder, program, ".."), { recursive: true });
    writeFileSync(join(folder, program), "");
  }
  return folder;
}

test("of Debian's versions the newest that has the program is taken, before what is on the path", () => {
  const path = folderWith("pgbench");
  vi.stubEnv("PATH", path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const debian = folderWith("9/bin/pgbench", "17/bin/pgbench", "18/bin/psql");
  expect(findPostgresProgram("pgbench", debian)).toBe(join(debian, "17/bin/pgbench"));
  expect(findPostgresProgram("pgbench", join(debian, "missing"))).toBe(join(path, "pgbench"));
  expect(findPostgresProgram("pg_recvlogical", debian)).toBeUndefined();
});
