import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";

const run = promisify(execFile);
const runbooks = join(import.meta.dirname, "..", "..", "docs", "runbooks");
const files = (folder: string) =>
  readdirSync(join(import.meta.dirname, folder)).map((name) => join(import.meta.dirname, folder, name));

interface Alert {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

const read = (file: string) => parse(readFileSync(file, "utf8"));
const alerts: Alert[] = files("rules")
  .flatMap((file) => read(file).groups)
  .flatMap(({ rules }) => rules)
  .filter(({ alert }) => alert !== undefined);
const alertTests: AlertTest[] = files("tests")
  .flatMap((file) => read(file).tests)
  .flatMap(({ alert_rule_test }) => alert_rule_test);
const names = [...new Set(alerts.map(({ alert }) => alert))];

/** Throws with what promtool says when it finds fault. */
async function promtool(...args: string[]): Promise<void> {
  await run("promtool", args).catch(({ code, stdout, stderr, message }) => {
    if (code === "ENOENT")
      throw new Error("promtool is missing: node deploy/local/system-packages.mjs promtool");
    throw new Error(`${stdout}${stderr}` || message);
  });
}

test("promtool finds no fault with the configuration and the rules that it names", async () => {
  for (const file of ["prometheus.yml", "../compose/prometheus.yml"])
    await promtool("check", "config", "--lint-fatal", join(import.meta.dirname, file));
  await promtool("check", "rules", "--lint-fatal", ...files("rules"));
});

test.each(readdirSync(join(import.meta.dirname, "tests")))(
  "the rules do what tests/%s expects of them",
  (name) => promtool("test", "rules", join(import.meta.dirname, "tests", name)),
  60_000,
);

test.each(names)("%s has a case in which it fires and one in which it is silent", (name) => {
  const cases = alertTests
    .filter(({ alertname }) => alertname === name)
    .map(({ exp_alerts }) => exp_alerts.length);
  expect(cases.filter((count) => count > 0).length, "firing").toBeGreaterThan(0);
  expect(cases.filter((count) => count === 0).length, "silent").toBeGreaterThan(0);
});

test.each(alerts)(
  "$alert says how urgent it is, what is wrong, and where to read on",
  ({ alert, labels, annotations }) => {
    expect(labels.severity).toMatch(/^(critical|warning)$/);
    expect(annotations.summary).toMatch(/\.$|\?$/);
    expect(annotations.description).toMatch(/\.$/);
    expect(annotations.runbook_url).toBe(`{{ or $externalLabels.runbooks "docs/runbooks" }}/${alert}.md`);
  },
);

test("each alert has a runbook, and each runbook an alert", () => {
  const pages = readdirSync(runbooks).filter((name) => name !== "README.md");
  expect(pages.toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
});
