import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { applyOutcomes } from "../application/order-projection.ts";
import type { ProjectorObserver } from "../application/projector-observer.ts";
import { unreadableReasons } from "../application/unreadable-record.ts";
import { missedVersions } from "../domain/missed-versions.ts";
import type { PartitionLag } from "./kafka/consumer-lag.ts";

/** Every metric of the projector, by name. Seconds; no label has more than a handful of values. */
export const metricNames = {
  events: "projector_events_total",
  deadLettered: "projector_dead_lettered_total",
  missedVersions: "projector_missed_versions_total",
  latency: "projector_commit_to_projected_seconds",
  stalledPartitions: "projector_stalled_partitions",
  // Not ours alone: Strimzi's dashboards and rules, and others after them, look for this very name.
  consumerLag: "kafka_consumergroup_lag",
} as const;

export interface ProjectorMetrics extends ProjectorObserver {
  /** Asked at each scrape; the partitions of others have no series here. */
  observeLag(consumer: {
    readonly group: string;
    readonly topic: string;
    read(): readonly PartitionLag[];
  }): void;
  /** Why a part of the work does not go on, or undefined. */
  notReady(): string | undefined;
}

export function createProjectorMetrics(registry: Registry): ProjectorMetrics {
  const registers = [registry];
  const events = new Counter({
    name: metricNames.events,
    help: "Events brought to the read model, by what they did there.",
    labelNames: ["result"],
    registers,
  });
  const deadLettered = new Counter({
    name: metricNames.deadLettered,
    help: "Records that could not be understood and went to the dead letter topic, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const missed = new Counter({
    name: metricNames.missedVersions,
    help: "Versions of orders that the read model never got and went past.",
    registers,
  });
  const latency = new Histogram({
    name: metricNames.latency,
    help: "From the event's time (written in its transaction) until the read model shows it.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  // A series that begins at 0 shows its first increase; one that begins at 1 does not.
  const eventsBy = Object.fromEntries(applyOutcomes.map((result) => [result, events.labels({ result })]));
  for (const result of applyOutcomes) eventsBy[result]?.inc(0);
  for (const reason of unreadableReasons) deadLettered.inc({ reason }, 0);

  const stalls = new Map<string, string>();
  new Gauge({
    name: metricNames.stalledPartitions,
    help: "Partitions whose next records fail to be projected and are tried again.",
    registers,
    collect() {
      this.set(stalls.size);
    },
  });

  let collectLag = (_gauge: Gauge): void => {};
  new Gauge({
    name: metricNames.consumerLag,
    help: "Records in the partitions of this process that its group has not worked on.",
    labelNames: ["consumergroup", "topic", "partition"],
    registers,
    collect() {
      this.reset();
      collectLag(this);
    },
  });

  return {
    observeLag({ group, topic, read }) {
      collectLag = (gauge) => {
        for (const { partition, records } of read())
          gauge.set({ consumergroup: group, topic, partition }, records);
      };
    },
    projected(projected, results) {
      const now = Date.now();
      const counts = { applied: 0, duplicate: 0, stale: 0, conflict: 0 };
      results.forEach(({ outcome, previousVersion }, i) => {
        counts[outcome] += 1;
        const event = projected[i];
        if (outcome !== "applied" || event === undefined) return;
        const gap = missedVersions(previousVersion, event.view.version);
        if (gap > 0n) missed.inc(Number(gap));
        if (event.occurredAt !== undefined) latency.observe(Math.max(0, now - event.occurredAt) / 1000);
      });
      for (const outcome of applyOutcomes) if (counts[outcome] > 0) eventsBy[outcome]?.inc(counts[outcome]);
    },
    deadLettered(letters) {
      for (const { reason } of letters) deadLettered.inc({ reason });
    },
    stalled(part, err) {
      stalls.set(part, (err as Error).message);
    },
    resumed(part) {
      stalls.delete(part);
    },
    notReady() {
      const [stall] = stalls;
      return stall && `${stall[0]} does not go on: ${stall[1]}`;
    },
  };
}
