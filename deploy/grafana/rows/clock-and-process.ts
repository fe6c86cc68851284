import { api, projector, type Row, relay } from "../panel.ts";

const everyJob = 'job=~"$relay|$api|$projector"';

export const clockAndProcess: Row = {
  title: "Clock and process",
  panels: [
    {
      kind: "graph",
      width: 8,
      title: "Clock skew",
      description:
        "How far the relay's clock is from the database's. Every latency above is measured from one clock to the other, and is wrong by this.",
      alerts: ["OutboxClockSkew"],
      unit: "s",
      thresholds: { bad: 0.5 },
      queries: [{ expr: `abs(outbox_clock_skew_seconds{${relay}})`, legend: "{{instance}}" }],
    },
    {
      kind: "graph",
      width: 8,
      title: "Age of the database's figures",
      description:
        "Time since each relay last read its figures from the database (oldest event, slot, dead letters). While it grows those are old: the database does not answer, or refuses.",
      alerts: ["OutboxFiguresStale"],
      unit: "s",
      thresholds: { bad: 60 },
      queries: [{ expr: `time() - outbox_figures_read_timestamp_seconds{${relay}}`, legend: "{{instance}}" }],
    },
    {
      kind: "timeline",
      width: 8,
      title: "Targets",
      description: "Whether Prometheus reaches each process.",
      alerts: ["TargetDown", "ProjectorDown", "ApiDown"],
      unit: "none",
      words: { 0: { text: "down", color: "red" }, 1: { text: "up", color: "green" } },
      queries: [relay, api, projector].map((job) => ({ expr: `up{${job}}`, legend: "{{job}} {{instance}}" })),
    },
    {
      kind: "graph",
      width: 6,
      title: "CPU",
      description:
        "Cores that each process uses. Node runs JavaScript on one: near 1 a process does all it can, and another replica helps the API and the projector, not the relay.",
      unit: "short",
      queries: [
        {
          expr: `rate(process_cpu_seconds_total{${everyJob}}[$__rate_interval])`,
          legend: "{{job}} {{instance}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 6,
      title: "Memory",
      description:
        "Resident memory. It rises with load to a bound and stays there; what rises for days is a leak.",
      unit: "bytes",
      queries: [{ expr: `process_resident_memory_bytes{${everyJob}}`, legend: "{{job}} {{instance}}" }],
    },
    {
      kind: "graph",
      width: 5,
      title: "Event loop lag, p99",
      description:
        "How late timers run. Tens of milliseconds for long: the process is short of CPU (its own, or taken by its limits), and every latency contains it.",
      unit: "s",
      queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${everyJob}}`, legend: "{{job}} {{instance}}" }],
    },
    {
      kind: "graph",
      width: 4,
      title: "Time in garbage collection",
      description: "Share of the time. Above a tenth the process has too little memory for its load.",
      unit: "percentunit",
      queries: [
        {
          expr: `sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum{${everyJob}}[$__rate_interval]))`,
          legend: "{{job}} {{instance}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 3,
      title: "Starts, 30 min",
      description:
        "How often processes have started again. Some at a deploy; many mean that something kills them: see the end of their logs.",
      alerts: ["ServiceRestarting"],
      unit: "none",
      queries: [
        { expr: `sum by (job) (changes(process_start_time_seconds{${everyJob}}[30m]))`, legend: "{{job}}" },
      ],
    },
  ],
};
