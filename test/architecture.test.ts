import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..");
const rules: string[] = createRequire(import.meta.url)("../.dependency-cruiser.cjs").forbidden.map(
  (rule: { name: string }) => rule.name,
);

/** Runs dependency-cruiser as `npm run check` does. */
function cruise(folder: string, ...flags: string[]): Promise<{ exitCode: number; output: string }> {
  const command = join(root, "node_modules", ".bin", "depcruise");
  const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: "1" } };
  return new Promise((resolve) => {
    execFile(command, ["services", ...flags], options, (error, stdout, stderr) => {
      resolve({ exitCode: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

/** A tree of its own under the project's own rules. */
async function plant(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "architecture-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const file of [".dependency-cruiser.cjs", "tsconfig.json", "package.json"])
    await cp(join(root, file), join(folder, file));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `${text}\n`);
  }
  return folder;
}

/** One module per layer; each planted file below breaks one arrow of it. */
const soundTree = {
  "services/platform/clock.ts": "export const clock = 1;",
  "services/platform/timer.ts": 'import { clock } from "./clock.ts"; export const timer = clock;',
  "services/gen/contract.ts": "export const contract = 1;",
  "services/relay/domain/lsn.ts": "export type Lsn = bigint;",
  "services/relay/application/port.ts":
    'import type { Lsn } from "../domain/lsn.ts"; export interface Port { lsn: Lsn }',
  "services/relay/infrastructure/kafka.ts":
    'import kafkajs from "kafkajs"; import type { Port } from "../application/port.ts"; export const port = kafkajs as unknown as Port;',
  "services/relay/transport/http.ts":
    'import type { Port } from "../application/port.ts"; export type Http = Port;',
  "services/relay/composition-root.ts":
    'export * from "./infrastructure/kafka.ts"; export * from "./transport/http.ts"; export * from "../platform/clock.ts";',
  "services/relay/main.ts": 'import "./composition-root.ts";',
  "services/api/domain/order.ts": "export const order = 1;",
  "test/support/redis.ts": "export const redis = 1;",
};

const violations: { rule: string; what: string; file: string; text: string }[] = [
  {
    rule: "a-page-knows-the-contract-only",
    what: "a page importing its service",
    file: "services/api/page/main.ts",
    text: 'import { order } from "../domain/order.ts"; export const shown = order;',
  },
  {
    rule: "domain-imports-nothing-outside-itself",
    what: "the domain importing its application",
    file: "services/relay/domain/planted.ts",
    text: 'import type { Port } from "../application/port.ts"; export type P = Port;',
  },
  {
    rule: "domain-imports-nothing-outside-itself",
    what: "the domain importing the platform",
    file: "services/relay/domain/planted.ts",
    text: 'import { clock } from "../../platform/clock.ts"; export const c = clock;',
  },
  {
    rule: "domain-imports-nothing-outside-itself",
    what: "the domain importing a package",
    file: "services/relay/domain/planted.ts",
    text: 'import { z } from "zod"; export const s = z.string();',
  },
  {
    rule: "application-imports-no-driver",
    what: "the application importing a driver",
    file: "services/relay/application/planted.ts",
    text: 'import pg from "pg"; export const p = pg;',
  },
  {
    rule: "application-imports-no-driver",
    what: "the application importing a driver's types only",
    file: "services/relay/application/planted.ts",
    text: 'import type { Pool } from "pg"; export type P = Pool;',
  },
  {
    rule: "application-imports-no-driver",
    what: "the application importing a module of Node",
    file: "services/relay/application/planted.ts",
    text: 'import { readFile } from "node:fs/promises"; export const r = readFile;',
  },
  {
    rule: "application-imports-no-driver",
    what: "the application importing its infrastructure",
    file: "services/relay/application/planted.ts",
    text: 'import { port } from "../infrastructure/kafka.ts"; export const p = port;',
  },
  {
    rule: "infrastructure-and-transport-do-not-meet",
    what: "the transport importing the infrastructure",
    file: "services/relay/transport/planted.ts",
    text: 'import { port } from "../infrastructure/kafka.ts"; export const p = port;',
  },
  {
    rule: "infrastructure-and-transport-do-not-meet",
    what: "the infrastructure importing the transport",
    file: "services/relay/infrastructure/planted.ts",
    text: 'import type { Http } from "../transport/http.ts"; export type H = Http;',
  },
  {
    rule: "only-main-imports-the-composition-root",
    what: "another file than main importing the composition root",
    file: "services/relay/planted.ts",
    text: 'export * from "./composition-root.ts";',
  },
  {
    rule: "services-do-not-import-one-another",
    what: "a service importing another one",
    file: "services/relay/planted.ts",
    text: 'export * from "../api/domain/order.ts";',
  },
  {
    rule: "platform-and-gen-know-no-service",
    what: "the platform importing a service",
    file: "services/platform/planted.ts",
    text: 'export * from "../api/domain/order.ts";',
  },
  {
    rule: "only-tracing-imports-opentelemetry",
    what: "a service importing OpenTelemetry",
    file: "services/relay/infrastructure/planted.ts",
    text: 'import { trace } from "@opentelemetry/api"; export const t = trace;',
  },
  {
    rule: "services-do-not-import-tests-or-deploy",
    what: "a service importing what belongs to the tests",
    file: "services/relay/planted.ts",
    text: 'export * from "../../test/support/redis.ts";',
  },
  {
    rule: "no-circular",
    what: "a module that imports itself by way of another",
    file: "services/platform/clock.ts",
    text: 'export * from "./timer.ts"; export const clock = 1;',
  },
  {
    rule: "no-unresolvable",
    what: "an import of a file that does not exist",
    file: "services/platform/planted.ts",
    text: 'export * from "./missing.ts";',
  },
];

test("the arrows hold in this repository", async () => {
  const { exitCode, output } = await cruise(root);
  expect(output).toContain("no dependency violations found");
  expect(exitCode).toBe(0);
});

test("the repository's TypeScript is really read, type-only imports included", async () => {
  const { output } = await cruise(root, "--output-type", "json");
  const modules: { source: string; dependencies: { resolved: string }[] }[] = JSON.parse(output).modules;
  const importsOf = (source: string) =>
    modules.find((module) => module.source === source)?.dependencies.map((dependency) => dependency.resolved);
  expect(importsOf("services/platform/run-service.ts")).toContain("services/platform/lifecycle.ts");
  expect(importsOf("services/platform/lifecycle.ts")).toContain("services/platform/logger.ts");
});

test("a sound tree passes", async () => {
  const { exitCode, output } = await cruise(await plant(soundTree));
  expect(output).toContain("no dependency violations found");
  expect(exitCode).toBe(0);
});

test.each(violations)("$what fails", async ({ rule, file, text }) => {
  const { exitCode, output } = await cruise(await plant({ ...soundTree, [file]: text }));
  expect(output).toContain(`error ${rule}: ${file}`);
  expect(exitCode).toBeGreaterThan(0);
});

test("no rule is without a planted violation", () => {
  expect([...new Set(violations.map(({ rule }) => rule))].sort()).toEqual([...rules].sort());
});
