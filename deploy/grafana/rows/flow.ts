import { projector, type Row, relay } from "../panel.ts";

export const flow: Row = {
  title: "Flow",
  panels: [
    {
      kind: "graph",
      width: 12,
      title: "Events per second",
      description:
        "Acked by the broker; committed in Postgres, which is what was acked and what more is waiting; consumed by the projector. The three lie on each other while all is well. Committed above acked: a backlog grows. Acked above consumed: the projector falls behind.",
      unit: "eps",
      queries: [
        {
          // The outbox has no counter of its own: rows would have to be counted where they are written, whoever writes them.
          expr: `clamp_min(sum by (job) (rate(outbox_events_published_total{${relay}}[$__rate_interval])) + on (job) max by (job) (deriv(outbox_unpublished_events{${relay}}[$__rate_interval])), 0)`,
          legend: "{{job}} committed",
        },
        {
          expr: `sum by (job) (rate(outbox_events_published_total{${relay}}[$__rate_interval]))`,
          legend: "{{job}} acked",
        },
        {
          expr: `sum by (job) (rate(projector_events_total{${projector}}[$__rate_interval]))`,
          legend: "{{job}} consumed",
        },
      ],
    },
    {
      kind: "heatmap",
      width: 12,
      title: "Commit to ack, distribution",
      description:
        "How many batches took how long from commit to ack. A second band above the usual one is a part that is slow: one broker, or what waited for a hand-over.",
      unit: "s",
      queries: [
        {
          expr: `sum by (le) (increase(outbox_publish_latency_seconds_bucket{${relay}}[$__rate_interval]))`,
          legend: "{{le}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "In flight and queued",
      description:
        "Events sent and not acked, and events read that wait to be sent. A full queue pauses the reading: the broker, or the way to it, is the slow part.",
      unit: "short",
      queries: [
        { expr: `sum by (job) (outbox_relay_in_flight_events{${relay}})`, legend: "{{job}} in flight" },
        { expr: `sum by (job) (outbox_relay_queued_events{${relay}})`, legend: "{{job}} queued" },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "In flight and queued, bytes",
      description:
        "The same in memory. RELAY_QUEUE_BYTES bounds what is queued: flat at that limit is back-pressure at work, and no leak.",
      unit: "bytes",
      queries: [
        { expr: `sum by (job) (outbox_relay_in_flight_bytes{${relay}})`, legend: "{{job}} in flight" },
        { expr: `sum by (job) (outbox_relay_queued_bytes{${relay}})`, legend: "{{job}} queued" },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Heartbeat lag",
      description:
        "How long a tick takes through the WAL, the relay and the broker: the replication lag in time, also while the outbox is idle. It rises while anything on the way stands still. Only the leader that streams has one.",
      alerts: ["OutboxHeartbeatLate"],
      unit: "s",
      thresholds: { bad: 5 },
      queries: [{ expr: `max by (job) (outbox_heartbeat_lag_seconds{${relay}})`, legend: "{{job}}" }],
    },
    {
      kind: "graph",
      width: 12,
      title: "Broker errors",
      description:
        "Requests to Kafka that failed, by reason; each is tried again. Some at a broker's restart are normal. A steady rate is not: see the reason.",
      alerts: ["OutboxBrokerErrors"],
      unit: "cps",
      thresholds: { bad: 0.05 },
      queries: [
        {
          expr: `sum by (job, reason) (rate(outbox_broker_errors_total{${relay}}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 6,
      title: "Dead-lettered",
      description:
        "Events that were put aside because the broker can never take them, by reason. Any is worth a look: later events of the same key wait.",
      alerts: ["OutboxDeadLetterBurst"],
      unit: "short",
      queries: [
        {
          expr: `sum by (job, reason) (increase(outbox_dead_lettered_total{${relay}}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 3,
      title: "Parked keys",
      description: "Keys whose events wait behind a dead letter, as the leader knows them.",
      alerts: ["OutboxDeadLetters"],
      unit: "none",
      thresholds: { bad: 1 },
      queries: [{ expr: `max by (job) (outbox_parked_keys{${relay}})`, legend: "{{job}}" }],
    },
    {
      kind: "stat",
      width: 3,
      title: "Since the last ack",
      description:
        "Time since the broker last acked a batch. Long is fine while nothing is committed; with unpublished events it is the outage's length.",
      unit: "s",
      queries: [
        {
          expr: `time() - max by (job) (outbox_relay_last_ack_timestamp_seconds{${relay}} > 0)`,
          legend: "{{job}}",
        },
      ],
      nothing: "none yet",
    },
  ],
};
