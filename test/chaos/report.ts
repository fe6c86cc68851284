import type { CaseReport } from "./run-case.ts";

const HEADINGS = [
  "case",
  "committed",
  "lost",
  "repeated",
  "foreign",
  "out of order",
  "changed",
  "parked",
  "recovery",
  "memory",
  "time",
  "verdict",
] as const;

export function failed(report: CaseReport): boolean {
  return report.faults.length > 0 || report.isSlow;
}

/** A line per case; below it, what did not hold. */
export function formatTable(reports: readonly CaseReport[]): string {
  const rows = [HEADINGS, ...reports.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === HEADINGS.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const faults = reports.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  return [...lines, ...(faults.length > 0 ? ["", ...faults] : [])].join("\n");
}

function cells(report: CaseReport): readonly string[] {
  const { check } = report;
  const count = (list: readonly string[] | undefined) => (list === undefined ? "?" : String(list.length));
  return [
    report.name,
    check ? String(check.committed) : "?",
    count(check?.lost),
    count(check?.repeated),
    count(check?.foreign),
    count(check?.outOfOrder),
    count(check?.changed),
    count(check?.parked),
    recovery(report),
    report.memoryMb > 0 ? `${report.memoryMb.toFixed(0)} MB` : "",
    seconds(report.durationMs),
    report.faults.length > 0 ? "FAILED" : report.isSlow ? "SLOW" : "ok",
  ];
}

function recovery({ recoveryMs, recoveryLimitMs }: CaseReport): string {
  if (recoveryMs === undefined) return "";
  const limit = recoveryLimitMs === undefined ? "" : ` of ${recoveryLimitMs / 1000} s`;
  return `${(recoveryMs / 1000).toFixed(1)}${limit || " s"}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}
