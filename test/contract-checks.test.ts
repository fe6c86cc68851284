import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..");
const service = "proto/orders/v1/order_service.proto";
const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Runs the check of that name, as `npm run check` does, on contracts of which one was edited. */
async function check(
  name: string,
  edit: (text: string) => string,
): Promise<{ exitCode: number; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), "contracts-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const part of ["proto", "third_party", "buf.yaml"])
    await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const text = await readFile(join(folder, service), "utf8");
  const edited = edit(text);
  await writeFile(join(folder, service), edited);
  const path = `${join(root, "node_modules", ".bin")}:${process.env.PATH}`;
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, PATH: path } };
    execFile("sh", ["-c", scripts[name] as string], options, (error, stdout, stderr) => {
      resolve({ exitCode: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

test.each<[string, (text: string) => string, RegExp]>([
  ["a renamed field", (text) => text.replace("string page_token = 2", "string page_mark = 2"), /page_mark/],
  ["a field that is gone", (text) => text.replace(/ {2}EventPath path = 2;\n/, ""), /"2".*"path"/],
  ["another type", (text) => text.replace("int32 page_size = 1", "int64 page_size = 1"), /int64/],
])("%s breaks the contract of the last release", async (_, edit, message) => {
  const { exitCode, output } = await check("check:breaking", edit);
  expect(exitCode).not.toBe(0);
  expect(output).toMatch(message);
});

test("what is added breaks nothing", async () => {
  const edit = (text: string) => `${text}\n// More.\nmessage More {\n  // Any.\n  string any = 1;\n}\n`;
  expect(await check("check:breaking", edit)).toEqual({ exitCode: 0, output: "" });
});

test("a field without a comment is refused", async () => {
  const edit = (text: string) =>
    text.replace("  // Asks for the next page; empty when this is the last one.\n", "");
  const { exitCode, output } = await check("check:contracts", edit);
  expect(exitCode).not.toBe(0);
  expect(output).toContain("next_page_token");
});
