import type { Backlog } from "./backlog.ts";
import { startDebeziumRun } from "./debezium-run.ts";
import { type Drain, measureDrain } from "./drain.ts";
import { type Latency, latencyOf } from "./latency.ts";

/** Lets Debezium publish the whole backlog, measured and checked as a relay is. */
export async function drainWithDebezium(backlog: Backlog, brokers: string, events: number): Promise<Drain> {
  return measureDrain(await startDebeziumRun(backlog, brokers), events);
}

/** Debezium's latency under the same load as a relay's. */
export async function debeziumLatency(backlog: Backlog, brokers: string, rate: number): Promise<Latency> {
  return latencyOf(await startDebeziumRun(backlog, brokers), backlog, rate);
}
