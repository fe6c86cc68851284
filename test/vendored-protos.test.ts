import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Source {
  readonly from: string;
  readonly path: string;
  readonly sha256: string;
}

const folder = join(import.meta.dirname, "..", "third_party");
const sources: Record<string, Source> = JSON.parse(readFileSync(join(folder, "sources.json"), "utf8"));

test("every file of others is byte for byte what its named version has, under its licence", () => {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".proto"),
  );
  const texts = files.map((file) => [file, readFileSync(join(folder, file))] as const);
  const digests = texts.map(([file, text]) => [file, createHash("sha256").update(text).digest("hex")]);
  expect(Object.fromEntries(digests)).toEqual(
    Object.fromEntries(Object.entries(sources).map(([file, { sha256 }]) => [file, sha256])),
  );
  for (const [file, text] of texts) expect(text.toString(), file).toContain("Apache License, Version 2.0");
});
