import type { RelayFigures } from "./relay.ts";
import type { Figures } from "./run.ts";

type Row = readonly string[];

const RELAY_HEADINGS = [
  "relay",
  "drain, events/s",
  "pg_recvlogical",
  "ratio",
  "CPU µs per event",
  "peak RSS, MB",
  "commit → broker p50, ms",
  "p99, ms",
] as const;

/** A table for each part that was measured. */
export function formatTable({ relay = {}, polling, debezium, api, projector }: Figures): string {
  const tables: Row[][] = [];
  const variants = Object.entries({
    ...relay,
    ...(polling ? { polling } : {}),
    ...(debezium ? { debezium } : {}),
  });
  if (variants.length > 0)
    tables.push([RELAY_HEADINGS, ...variants.map(([name, figures]) => relayRow(name, figures))]);
  if (polling) {
    const { idle_poll_rows, idle_poll_ms, idle_poll_few_rows, idle_poll_few_rows_ms } = polling;
    tables.push([
      ["rows kept in the outbox", "idle poll, ms"],
      [whole(idle_poll_few_rows), idle_poll_few_rows_ms.toFixed(2)],
      [whole(idle_poll_rows), idle_poll_ms.toFixed(2)],
    ]);
  }
  if (api) {
    const { rest_per_s: rest, grpc_per_s: grpc, limit_tps: limit, ratio } = api;
    tables.push([
      ["api", "orders/s", "limit (pgbench)", "ratio", "CPU µs per order"],
      ["REST", whole(rest), whole(limit), ratio.toFixed(2), api.rest_cpu_us.toFixed(0)],
      ["gRPC", whole(grpc), whole(limit), (grpc / limit).toFixed(2), api.grpc_cpu_us.toFixed(0)],
    ]);
  }
  if (projector) {
    const { events_per_s: rate, cpu_us_per_event: cpu, rss_peak_mb: rss } = projector;
    tables.push([
      ["projector", "events/s", "CPU µs per event", "peak RSS, MB"],
      ["kafkajs", whole(rate), cpu.toFixed(1), whole(rss)],
    ]);
  }
  return tables.map(align).join("\n\n");
}

function relayRow(name: string, figures: RelayFigures): Row {
  return [
    name,
    whole(figures.drain_events_per_s),
    whole(figures.limit_events_per_s),
    figures.ratio.toFixed(2),
    figures.cpu_us_per_event.toFixed(1),
    whole(figures.rss_peak_mb),
    figures.p50_ms.toFixed(1),
    figures.p99_ms.toFixed(1),
  ];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function align(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: Row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
