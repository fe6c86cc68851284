import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { openKafka, openPostgres } from "../support/own-servers.ts";
import { allCases } from "./all-cases.ts";
import { failed, formatTable } from "./report.ts";
import { type CaseReport, runCase } from "./run-case.ts";

/** `npm run chaos [-- --short] [--only <regex>] [--seed N] [--json]`: the table on stdout, progress on stderr. */
const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    json: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const log = (line: string) => process.stderr.write(`${line}\n`);
const only = new RegExp(values.only, "i");
const chosen = allCases.filter(({ name, short }) => only.test(name) && (short || !values.short));

if (values.list) {
  for (const { name, short } of chosen) console.log(`${short ? "short" : "     "}  ${name}`);
} else if (!Number.isSafeInteger(seed) || chosen.length === 0) {
  log(chosen.length === 0 ? `no case is called ${values.only}` : "--seed takes a whole number");
  process.exitCode = 2;
} else {
  const reports = await runAll();
  console.log(values.json ? JSON.stringify({ seed, reports }, undefined, 2) : formatTable(reports));
  // At once: a case that was given up may still be waiting for something.
  process.exit(reports.length < chosen.length || reports.some(failed) ? 1 : 0);
}

async function runAll(): Promise<CaseReport[]> {
  const callOff = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => callOff.abort());
  log(`seed ${seed}`);
  const reports: CaseReport[] = [];
  const servers = new AsyncDisposableStack();
  try {
    const postgres = await openPostgres();
    servers.defer(() => postgres.dispose());
    const kafka = await openKafka();
    servers.defer(() => kafka.dispose());
    for (const [index, chaosCase] of chosen.entries()) {
      if (callOff.signal.aborted) break;
      const gone = postgres.ended ?? kafka.ended;
      if (gone !== undefined) {
        log(`a server that the cases share has ended (${gone}): nothing more can be shown`);
        break;
      }
      log(`${index + 1}/${chosen.length} ${chaosCase.name}`);
      const report = await runCase(chaosCase, {
        short: values.short,
        seed,
        postgresUrl: postgres.url,
        brokers: kafka.brokers,
        prefix: "chaos_",
        log,
        signal: callOff.signal,
      });
      reports.push(report);
      for (const line of [...report.faults, ...report.logs]) log(`  ${line}`);
      log(`  ${failed(report) ? "FAILED" : "ok"} after ${(report.durationMs / 1000).toFixed(0)} s`);
    }
    return reports;
  } finally {
    await servers.disposeAsync();
  }
}
