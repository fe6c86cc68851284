import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);

/** Runs vitest on these files in a folder of their own; returns the tally that its reporter wrote. */
async function tallyOf(files: Record<string, string>): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "tally-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const tallyFile = join(folder, "tally.json");
  const reporter = JSON.stringify(join(root, "test/setup/tally-reporter.ts"));
  const config = `import { createTallyReporter } from ${reporter};
    export default { test: { reporters: [createTallyReporter(${JSON.stringify(tallyFile)})] } };`;
  for (const [name, text] of Object.entries({ ...files, "vitest.config.mjs": config })) {
    await writeFile(join(folder, name), text);
  }
  const vitest = join(root, "node_modules", ".bin", "vitest");
  await run(vitest, ["run", "--root", folder], { cwd: folder }).catch(() => {}); // the tally is what counts
  return JSON.parse(await readFile(tallyFile, "utf8"));
}

const from = 'import { afterAll, expect, test } from "vitest";';

test("passed, failed and skipped tests are counted one by one", async () => {
  const tally = await tallyOf({
    "mixed.test.ts": `${from}
      test("a", () => {}); test("b", () => {}); test("c", () => expect(1).toBe(2)); test.skip("d", () => {}); test.todo("e");`,
  });
  expect(tally).toEqual({ passed: 2, failed: 1, skipped: 2, unhandledErrors: 0 });
});

test("a file that cannot be loaded, a hook that throws and an error outside the tests are failures", async () => {
  const tally = await tallyOf({
    "fine.test.ts": `${from} test("a", () => {});`,
    "broken.test.ts": `import "./does-not-exist.ts";`,
    "hook.test.ts": `${from} test("a", () => {}); afterAll(() => { throw new Error("hook"); });`,
    "stray.test.ts": `${from} test("a", async () => {
      setTimeout(() => { throw new Error("stray"); }, 0);
      await new Promise((resolve) => setTimeout(resolve, 50));
    });`,
  });
  expect(tally).toEqual({ passed: 3, failed: 2, skipped: 0, unhandledErrors: 1 });
});
