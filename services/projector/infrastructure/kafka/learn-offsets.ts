import type { Admin } from "kafkajs";
import { createBackoff } from "../../../platform/backoff.ts";
import { delay } from "../../../platform/delay.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { PartitionOffsets } from "./consumer-lag.ts";

/** Shorter than most scrape intervals; three small requests. */
const INTERVAL_MS = 5_000;

export interface LearnOffsetsOptions {
  /** Not connected yet; it is disconnected at the end. */
  readonly admin: Admin;
  readonly topic: string;
  readonly groupId: string;
  readonly onOffsets: (offsets: readonly PartitionOffsets[]) => void;
  readonly log: Logger;
}

/** Asks the broker for a topic's ends and a group's offsets, again and again until `stopping` aborts; never rejects. */
export async function learnOffsets(options: LearnOffsetsOptions, stopping: AbortSignal): Promise<void> {
  const { admin, onOffsets, log } = options;
  const backoff = createBackoff({ initialMs: 500, maxMs: 2 * INTERVAL_MS });
  const close = () => void admin.disconnect().catch(() => {}); // also ends a request that is under way
  stopping.addEventListener("abort", close, { once: true });
  while (!stopping.aborted) {
    try {
      await admin.connect(); // nothing happens when it is
      onOffsets(await readOffsets(options));
      backoff.reset();
      await delay(INTERVAL_MS, stopping);
    } catch (err) {
      // No more than debug: the consumer has the same broker, and says what is wrong.
      if (!stopping.aborted) log.debug({ err }, "the consumer's lag is not known, asking again");
      await delay(backoff.next(), stopping);
    }
  }
}

async function readOffsets({ admin, topic, groupId }: LearnOffsetsOptions): Promise<PartitionOffsets[]> {
  // The ends first: what is consumed in between makes the lag smaller than it was, and never bigger.
  const ends = await admin.fetchTopicOffsets(topic);
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return ends.map(({ partition, high, low }) => {
    const next = committed?.partitions.find((each) => each.partition === partition)?.offset ?? "-1";
    return { partition, end: high, next: next.startsWith("-") ? low : next };
  });
}
