import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { checkOutbox } from "../../services/relay/testing/outbox-check.ts";
import type { KafkaRecord } from "../support/kafka.ts";
import { type RelayProcess, spawnRelayProcess } from "../support/relay-process.ts";
import type { Backlog } from "./backlog.ts";
import { type ProcessUsage, sampleUsage } from "./process-usage.ts";

/** A relay at work on a backlog's database, in a process of its own. */
export interface RelayRun {
  readonly process: RelayProcess;
  readonly usage: ProcessUsage;
  /** Resolves when it has published this many events. */
  published(count: number): Promise<void>;
  /**
   * Stops it in order, and shows each record of its topic.
   * @throws Error when the topic is not what the outbox has: each event once, in order per key, byte for byte.
   */
  finish(onRecord: (record: KafkaRecord) => void): Promise<void>;
  kill(): Promise<void>;
}

const LONGEST_MS = 120_000;

export async function startRelayRun(
  backlog: Backlog,
  brokers: string,
  settings: Readonly<Record<string, string>>,
): Promise<RelayRun> {
  const relay = await backlog.openRelay();
  const topic = `bench-${randomBytes(5).toString("hex")}`;
  const process = spawnRelayProcess(relay, {
    DATABASE_URL: backlog.relayUrl,
    KAFKA_BROKERS: brokers,
    RELAY_NAME: relay,
    RELAY_SLOT: relay,
    RELAY_TOPICS: `order=${topic}`,
    OPS_PORT: "0",
    LOG_LEVEL: "info",
    ...settings,
  });
  const usage = sampleUsage(process.pid);
  return {
    process,
    usage,
    async published(count) {
      for (const end = performance.now() + LONGEST_MS; performance.now() < end; await sleep(50)) {
        if (process.hasEnded) break;
        if ((await process.metric("outbox_events_published_total").catch(() => 0)) >= count) return;
      }
      throw new Error(`the relay did not publish ${count} events:\n${process.lastLog().join("\n")}`);
    },
    async finish(onRecord) {
      usage.stop();
      const code = await process.stop();
      if (code !== 0) throw new Error(`the relay ended with ${code}:\n${process.lastLog().join("\n")}`);
      await backlog.pool.query("select pg_drop_replication_slot($1)", [relay]);
      const { committed, ...wrong } = await checkOutbox(backlog.pool, topic, {
        brokers,
        timeoutMs: LONGEST_MS,
        onRecord,
      });
      const counts = Object.entries(wrong).filter(([, ids]) => ids.length > 0);
      if (counts.length === 0) return;
      const list = counts.map(([what, ids]) => `${what}: ${ids.length}`).join(", ");
      throw new Error(`a guarantee is broken, of ${committed} events ${list}`);
    },
    async kill() {
      usage.stop();
      await process.kill();
    },
  };
}
