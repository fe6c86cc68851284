import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { holdDataFolder, removeDataFolder } from "./data-folder.ts";

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "data-folder-"));
  folder = join(parent, "deep", "data");
});
afterEach(() => rm(parent, { recursive: true }));

test("it is made, held, found again and removed", async () => {
  const first = await holdDataFolder(folder);
  await writeFile(join(folder, "file"), "data");
  await first.release();
  const second = await holdDataFolder(folder);
  expect(await readdir(folder)).toContain("file");
  await second.release();
  expect(await removeDataFolder(folder)).toBe(true);
  expect(existsSync(folder)).toBe(false);
  expect(await removeDataFolder(folder)).toBe(false);
});

test("while it is held it can neither be held again nor removed, and the holder is named", async () => {
  const held = await holdDataFolder(folder);
  const reason = `${folder} is in use by process ${process.pid}`;
  await expect(holdDataFolder(folder)).rejects.toThrow(reason);
  await expect(removeDataFolder(folder)).rejects.toThrow(reason);
  expect(existsSync(folder)).toBe(true);
  await held.release();
});

test("a holder that was killed holds nothing", async () => {
  await holdDataFolder(folder);
  await writeFile(join(folder, "pid"), `${2 ** 22 + 1}\n`); // beyond the greatest process id
  await (await holdDataFolder(folder)).release();
});

test("a folder with something else in it is neither used nor removed", async () => {
  await writeFile(join(parent, "thesis.txt"), "precious");
  await expect(holdDataFolder(parent)).rejects.toThrow("was not made by npm start");
  await expect(removeDataFolder(parent)).rejects.toThrow("was not made by npm start");
  expect(await readdir(parent)).toEqual(["thesis.txt"]);
});
