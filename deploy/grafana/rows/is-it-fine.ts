import { type Row, relay } from "../panel.ts";

/** Objective: 99.9 % of the commits acked within a second, over 30 days (deploy/prometheus/rules/slo.yml). */
const SLO_SECONDS = 1;

export const isItFine: Row = {
  title: "Is it fine?",
  panels: [
    {
      kind: "stat",
      width: 4,
      title: "Error budget left",
      description:
        "What is left of the 0.1 % of commits that may take longer than 1 s to be acked, over 30 days. Below 0 the objective is missed: reliability comes before features now.",
      alerts: ["OutboxPublishLatencyBudgetBurn"],
      unit: "percentunit",
      thresholds: { bad: 0, warn: 0.25, goodAbove: true },
      queries: [
        {
          expr: `min by (job) (job:outbox_publish_error_budget:remaining_ratio30d{${relay}})`,
          legend: "{{job}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Budget burn",
      description:
        "How many times faster than allowed the budget is spent, over the last hour and six hours. 1 spends it in exactly 30 days; 14.4 in two days, and pages.",
      alerts: ["OutboxPublishLatencyBudgetBurn"],
      unit: "suffix:×",
      thresholds: { warn: 6, bad: 14.4 },
      queries: [
        {
          expr: `max by (job) (job:outbox_publish_late:ratio_rate1h{${relay}}) / 0.001`,
          legend: "{{job}} 1 h",
        },
        {
          expr: `max by (job) (job:outbox_publish_late:ratio_rate6h{${relay}}) / 0.001`,
          legend: "{{job}} 6 h",
        },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Oldest unpublished",
      description:
        "Age of the oldest event that the broker has not acked, told by the database on every replica. It rises when nothing flows, whatever the reason, also while no relay leads; an event that is never published shows here and in no latency.",
      alerts: ["OutboxOldestUnpublishedTooOld"],
      unit: "s",
      thresholds: { bad: 30 },
      queries: [
        { expr: `max by (job) (outbox_oldest_unpublished_age_seconds{${relay}})`, legend: "{{job}}" },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Mode",
      description:
        "How the leader reads the outbox. Polling is the fallback while the WAL cannot be read: events still flow, later and at the database's cost. Down: no relay reads.",
      alerts: ["OutboxPollingFallback", "OutboxNotReading", "OutboxModeFlapping"],
      unit: "none",
      words: {
        0: { text: "down", color: "red" },
        1: { text: "polling", color: "orange" },
        2: { text: "cdc", color: "green" },
        3: { text: "two modes", color: "red" },
      },
      queries: [
        {
          // Standbys are down; what the leader does is in one of the other two.
          expr: `2 * max by (job) (outbox_relay_mode{${relay}, mode="cdc"}) + max by (job) (outbox_relay_mode{${relay}, mode="polling"})`,
          legend: "{{job}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Leader",
      description:
        "The replica that holds the lease. Nobody for longer than a hand-over takes: nothing is published. Two: one of them is frozen or cut off; the database refuses the older one's writes.",
      alerts: ["OutboxNoLeader", "OutboxTwoLeaders"],
      unit: "none",
      showName: true,
      words: { 1: { text: "leads", color: "green" } },
      nothing: "nobody",
      queries: [{ expr: `outbox_relay_leader{${relay}} == 1`, legend: "{{instance}}" }],
    },
    {
      kind: "stat",
      width: 4,
      title: "Dead letters, parked",
      description:
        "Events that can never be published, and those that wait behind one because they have its key. They wait for a person: npx outbox dead-letters list.",
      alerts: ["OutboxDeadLetters"],
      unit: "none",
      thresholds: { bad: 1 },
      queries: [
        { expr: `max by (job) (outbox_dead_letters{${relay}})`, legend: "{{job}} dead letters" },
        { expr: `max by (job) (outbox_parked_events{${relay}})`, legend: "{{job}} parked" },
      ],
    },
    {
      kind: "graph",
      width: 12,
      title: "Commit to ack",
      description:
        "Time from the commit in Postgres to the broker's ack, of the oldest event in each batch. Worry when p99 stays above 1 s, the objective. Nothing is drawn while nothing is published: look at the oldest unpublished event then.",
      alerts: ["OutboxPublishLatencyBudgetBurn"],
      unit: "s",
      thresholds: { bad: SLO_SECONDS },
      queries: [0.5, 0.99].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le, mode) (rate(outbox_publish_latency_seconds_bucket{${relay}}[$__rate_interval])))`,
        legend: `p${quantile * 100} {{mode}}`,
      })),
    },
    {
      kind: "graph",
      width: 8,
      title: "Waiting to be published",
      description:
        "Events that are committed and not acked, counted by the database up to a limit, at which the line is flat. A backlog that does not shrink while events are acked means that more is written than can be published.",
      unit: "short",
      queries: [{ expr: `max by (job) (outbox_unpublished_events{${relay}})`, legend: "{{job}}" }],
    },
    {
      kind: "stat",
      width: 4,
      title: "Paused",
      description:
        "Whether somebody has paused the relay. Nothing is published meanwhile, and the slot keeps WAL: npx outbox resume.",
      alerts: ["OutboxPaused"],
      unit: "none",
      words: { 0: { text: "no", color: "green" }, 1: { text: "paused", color: "orange" } },
      queries: [{ expr: `max by (job) (outbox_relay_paused{${relay}})`, legend: "{{job}}" }],
    },
  ],
};
