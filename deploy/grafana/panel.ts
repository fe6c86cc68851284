/** A panel, as the rows say it; build-panel.ts makes Grafana's of it. */
export interface Panel {
  readonly title: string;
  /** What it tells, and when to worry. */
  readonly description: string;
  /** Alerts that go by the same figures (deploy/prometheus/rules); each has a runbook of its name. */
  readonly alerts?: readonly AlertName[];
  readonly kind: "stat" | "graph" | "heatmap" | "timeline";
  /** Grafana's name of the unit: https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of the 24 columns that a row has. */
  readonly width: number;
  readonly thresholds?: Thresholds;
  /** Words in the place of numbers. */
  readonly words?: Readonly<Record<number, Word>>;
  /** Shown where a query answers nothing. */
  readonly nothing?: string;
  /** Of a stat: show the series' name and not its value. */
  readonly showName?: boolean;
}

export interface Query {
  /** PromQL over the variables $relay, $api, $projector (jobs) and Grafana's $__rate_interval. */
  readonly expr: string;
  readonly legend: string;
}

/** Good below `bad` (and `warn` on the way to it), or above when `goodAbove`. */
export interface Thresholds {
  readonly warn?: number;
  readonly bad?: number;
  readonly goodAbove?: boolean;
}

export interface Word {
  readonly text: string;
  readonly color: Color;
}

export type Color = "green" | "orange" | "red" | "blue" | "text";

export type AlertName =
  | `Outbox${string}`
  | `Projector${string}`
  | `Consumer${string}`
  | `Api${string}`
  | `Service${string}`
  | `Target${string}`;

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Which series: those of the jobs that are chosen at the top. */
export const relay = 'job=~"$relay"';
export const api = 'job=~"$api"';
export const projector = 'job=~"$projector"';
