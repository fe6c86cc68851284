import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { type BatchLimits, batchEnd } from "../event-queue.ts";
import { FIRST_PAGE_EVENTS, nextPageLimit } from "../page-limit.ts";
import type { Publisher } from "../publisher.ts";
import type { ReplayDesk, ReplaySelection } from "./replay-desk.ts";

export interface Replaying {
  /** Marks the records. */
  readonly id: string;
  readonly selection: ReplaySelection;
  /** As `find` told. */
  readonly published: string;
  /** Events a second; undefined: as fast as it goes. */
  readonly rate: number | undefined;
  readonly batch: BatchLimits;
  /** Ends it between two batches. */
  readonly stop: AbortSignal;
  /** A batch that is not acked within this time ends the replay. */
  readonly ackTimeoutMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onProgress: (done: ReplayProgress) => void;
}

export interface ReplayProgress {
  readonly events: number;
  /** Position of the last one that is acked; where the selection began when there is none. */
  readonly position: string;
}

export interface ReplayResult extends ReplayProgress {
  /** Why it has ended before all was done. */
  readonly failure: Error | undefined;
}

/**
 * Publishes the selection once more, in the order of the outbox and so in order per key, one batch after the other. What is acked is
 * told as progress. A batch that is not acked may be on the topic in part: going on behind the last position repeats it.
 */
export async function replayEvents(desk: ReplayDesk, replaying: Replaying): Promise<ReplayResult> {
  const { id, batch, stop, now, sleep, rate } = replaying;
  const begun = now();
  let selection = replaying.selection;
  let events = 0;
  let limit = FIRST_PAGE_EVENTS;
  let publisher: Publisher | undefined;

  const result = (failure?: Error): ReplayResult => ({ events, position: selection.afterPosition, failure });

  async function publish(to: Publisher, page: readonly OutboxEvent[]): Promise<void> {
    for (let from = 0; from < page.length && !stop.aborted; ) {
      const most = rate === undefined ? batch.events : Math.min(batch.events, rate);
      const end = batchEnd(page, from, { ...batch, events: most });
      const part = page.slice(from, end).map((event) => ({ ...event, replay: id }));
      await send(to, part, replaying.ackTimeoutMs);
      events += part.length;
      from = end;
      selection = { ...selection, afterPosition: part.at(-1)?.position ?? selection.afterPosition };
      replaying.onProgress({ events, position: selection.afterPosition });
      if (rate !== undefined) await sleep(Math.max(0, begun + (events / rate) * 1_000 - now()));
    }
  }

  try {
    publisher = await desk.openPublisher();
    while (!stop.aborted) {
      const page = await desk.read(selection, replaying.published, limit);
      if (page.length === 0) return result();
      limit = nextPageLimit(page, limit);
      await publish(publisher, page);
    }
    return result(new Error("it was interrupted"));
  } catch (error) {
    return result(error instanceof Error ? error : new Error(String(error)));
  } finally {
    await publisher?.discard();
  }
}

/** The client itself tries again for as long as the broker may come back; beyond that a person decides. */
async function send(publisher: Publisher, events: readonly OutboxEvent[], timeoutMs: number): Promise<void> {
  for (const event of events) {
    const refusal = publisher.refusal(event);
    if (refusal) throw new Error(`event ${event.id}: ${refusal.detail}`);
  }
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`the broker has not acked within ${timeoutMs / 1_000} s`)),
    timeoutMs,
  );
  try {
    await Promise.race([publisher.publish(events), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
