import type { SampleColumns } from "../transport/page/live-message.ts";
import { type Chart, type ChartOptions, createChart } from "./chart.ts";
import { byId } from "./elements.ts";
import type { Samples } from "./samples.ts";

/** Held to the relay's own by the compiler. */
const columns: SampleColumns = [
  "at",
  "events",
  "p50Ms",
  "p99Ms",
  "oldestUnpublishedMs",
  "heartbeatLagMs",
  "retainedWalBytes",
];
const column = (name: SampleColumns[number]): number => columns.indexOf(name);

const charts: readonly ChartOptions[] = [
  {
    title: "Published",
    lines: [{ name: "acked", column: column("events"), colour: "--line-1" }],
    format: (value) => `${value.toLocaleString("en", { maximumFractionDigits: 1 })}/s`,
    atLeast: 10,
  },
  {
    title: "Commit → ack",
    lines: [
      { name: "p50", column: column("p50Ms"), colour: "--line-1" },
      { name: "p99", column: column("p99Ms"), colour: "--line-2", dash: [6, 3] },
    ],
    format: milliseconds,
    logarithmic: true,
    atLeast: 2_000,
    limit: { value: 1_000, name: "objective: 1 s" },
  },
  {
    title: "Behind",
    lines: [
      { name: "oldest unpublished", column: column("oldestUnpublishedMs"), colour: "--line-2", dash: [6, 3] },
      { name: "heartbeat", column: column("heartbeatLagMs"), colour: "--line-1" },
    ],
    format: milliseconds,
    atLeast: 6_000,
    limit: { value: 30_000, name: "too old: 30 s" },
  },
  {
    title: "WAL that the slot retains",
    lines: [{ name: "retained", column: column("retainedWalBytes"), colour: "--line-1" }],
    format: megabytes,
    atLeast: 32_000_000,
  },
];

/** Draws all charts anew; not while nobody can see them. */
export function createCharts(samples: Samples): { draw(): void } {
  const drawn: { chart: Chart; places: number[] }[] = charts.map((options) => ({
    chart: createChart(options),
    places: options.lines.map((line) => line.column),
  }));
  byId("charts").append(...drawn.map(({ chart }) => chart.figure));
  function draw(): void {
    if (document.hidden) return;
    const seconds = samples.column(column("at")).map((at) => (at ?? 0) / 1_000);
    for (const { chart, places } of drawn)
      chart.draw([seconds, ...places.map((place) => samples.column(place))]);
  }
  document.addEventListener("visibilitychange", draw);
  return { draw };
}

function milliseconds(value: number): string {
  if (value < 1_000) return `${Number(value.toPrecision(2))} ms`;
  if (value < 120_000) return `${Number((value / 1_000).toPrecision(3))} s`;
  return `${Number((value / 60_000).toPrecision(3))} min`;
}

function megabytes(value: number): string {
  if (value < 1_000_000) return `${Math.round(value / 1_000)} kB`;
  if (value < 1e9) return `${Math.round(value / 1e6)} MB`;
  return `${Number((value / 1e9).toPrecision(3))} GB`;
}
