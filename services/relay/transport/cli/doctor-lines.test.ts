import { expect, test } from "vitest";
import type { Finding } from "../../application/doctor/finding.ts";
import { findingLines, summaryLine } from "./doctor-lines.ts";
import { wrap } from "./wrap.ts";

const styled = (style: string, text: string) => `<${style}>${text}</${style}>`;
const plain = (_: string, text: string) => text;
const finding: Finding = {
  area: "postgres",
  check: "wal_level",
  status: "failed",
  found: "replica: the WAL has no rows that could be decoded",
  repair: { sql: ["alter system set wal_level = 'logical';"], note: "as a superuser; then restart Postgres" },
};

test("a finding is a line, with what repairs it below", () => {
  expect(findingLines(finding, { styled: plain, columns: Number.POSITIVE_INFINITY })).toEqual([
    "  failed   wal_level                      replica: the WAL has no rows that could be decoded",
    "                                          > alter system set wal_level = 'logical';",
    "                                            as a superuser; then restart Postgres",
  ]);
});

test("on a narrow terminal what was found is below the name, and statements stay whole", () => {
  expect(findingLines(finding, { styled: plain, columns: 40 })).toEqual([
    "  failed   wal_level",
    "    replica: the WAL has no rows that",
    "    could be decoded",
    "    > alter system set wal_level = 'logical';",
    "      as a superuser; then restart",
    "      Postgres",
  ]);
});

test("the status has its colour, and a text from a server steers no terminal", () => {
  const [line] = findingLines(
    { area: "kafka", check: "brokers", status: "ok", found: "a\u001b[2Jb" },
    { styled, columns: 200 },
  );
  expect(line).toMatch(/^ {2}<green>ok {5}<\/green> {2}brokers .*a\\u001b\[2Jb$/);
});

test("the last line counts", () => {
  const counts = { ok: 3, warning: 1, failed: 0, skipped: 2 };
  expect(summaryLine(counts, { styled: plain, columns: 80 })).toBe("3 ok, 1 warning, 2 skipped");
});

test("lines are broken between words, and a word that is too long has a line of its own", () => {
  expect(wrap("a bb ccc dddddddd e", 5)).toEqual(["a bb", "ccc", "dddddddd", "e"]);
  expect(wrap("", 5)).toEqual([""]);
});
