import { setTimeout as sleep } from "node:timers/promises";
import { uniqueTopic } from "../support/kafka.ts";
import { spawnRelayProcess } from "../support/relay-process.ts";
import type { Backlog } from "./backlog.ts";
import { sampleUsage } from "./process-usage.ts";
import { checkTopic, LONGEST_MS, type PublisherRun } from "./publisher-run.ts";

export async function startRelayRun(
  backlog: Backlog,
  brokers: string,
  settings: Readonly<Record<string, string>>,
): Promise<PublisherRun> {
  const relay = await backlog.openRelay();
  const topic = uniqueTopic("bench");
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
    usage,
    ready: () => process.ready(),
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
      await checkTopic(backlog, brokers, topic, onRecord);
    },
    async kill() {
      usage.stop();
      await process.kill();
    },
  };
}
