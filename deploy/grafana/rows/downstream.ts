import { projector, type Row } from "../panel.ts";

export const downstream: Row = {
  title: "Downstream",
  panels: [
    {
      kind: "graph",
      width: 12,
      title: "Consumer lag",
      description:
        "Records that the projector has not worked on, by partition. A short peak is a burst. One partition that grows alone is stalled, or has a hot key; all that grow together mean that the projector, or Redis, is too slow.",
      alerts: ["ConsumerLagGrowing"],
      unit: "short",
      thresholds: { bad: 1000 },
      queries: [
        {
          // While the group rebalances two processes may tell of one partition.
          expr: `max by (consumergroup, topic, partition) (kafka_consumergroup_lag{${projector}})`,
          legend: "{{topic}}/{{partition}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 12,
      title: "Commit to projected",
      description:
        "Time from the event's row in Postgres to the read model in Redis: what a reader sees. By the clocks of the database and of the projector.",
      unit: "s",
      queries: [0.5, 0.99].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (rate(projector_commit_to_projected_seconds_bucket{${projector}}[$__rate_interval])))`,
        legend: `p${quantile * 100}`,
      })),
    },
    {
      kind: "graph",
      width: 8,
      title: "What became of the events",
      description:
        "Applied is normal. Duplicates come after a restart, stale ones with a replay; both change nothing. A conflict is a producer that gave one version to two events: see the projector's log.",
      alerts: ["ProjectorConflicts"],
      unit: "eps",
      queries: [
        {
          expr: `sum by (result) (rate(projector_events_total{${projector}}[$__rate_interval]))`,
          legend: "{{result}}",
        },
      ],
    },
    {
      kind: "graph",
      width: 8,
      title: "Records not understood",
      description:
        "Records that went to the dead letter topic, by reason. Any means that a producer and the contract differ; later records go on.",
      alerts: ["ProjectorDeadLetters"],
      unit: "short",
      queries: [
        {
          expr: `sum by (reason) (increase(projector_dead_lettered_total{${projector}}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 4,
      title: "Stalled partitions",
      description:
        "Partitions whose next records fail to be applied and are tried again: Redis, or the dead letter topic, refuses. /readyz of the projector has the reason.",
      alerts: ["ProjectorStalled"],
      unit: "none",
      thresholds: { bad: 1 },
      queries: [{ expr: `sum by (job) (projector_stalled_partitions{${projector}})`, legend: "{{job}}" }],
    },
    {
      kind: "stat",
      width: 4,
      title: "Versions that never came, 1 h",
      description:
        "Versions of orders that the read model went past without having seen them. The view is right, for each event has the whole order; the history on the topic has a hole.",
      alerts: ["ProjectorMissedVersions"],
      unit: "none",
      thresholds: { bad: 1 },
      queries: [
        {
          expr: `sum by (job) (increase(projector_missed_versions_total{${projector}}[1h]))`,
          legend: "{{job}}",
        },
      ],
    },
  ],
};
