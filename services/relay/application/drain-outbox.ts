import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { Checkpoint } from "./checkpoint-store.ts";
import { batchEnd } from "./event-queue.ts";
import type { Reading, Resumed } from "./leadership.ts";
import type { OpenDrain, OutboxTable } from "./outbox-table.ts";
import { FIRST_PAGE_EVENTS, nextPageLimit } from "./page-limit.ts";

/** A drain's cursor holds back vacuum: it is closed after this time and opened again where it was. */
const MAX_OPEN_MS = 60_000;

export type Draining = Reading & { readonly table: OutboxTable };

/**
 * Publishes every event that is committed and not in the checkpoint, by position; the saver's checkpoint then covers them.
 * Transactions that commit late are never passed over: what counts is what a snapshot sees, not the position. When
 * `halt` aborts it returns early with what is done so far. Returns how many events it has published.
 */
export async function drainOutbox(deps: Draining, leadership: Resumed): Promise<number> {
  let published = 0;
  for (let complete = false; !complete && !leadership.halt.aborted; ) {
    const part = await drainPart(deps, leadership);
    published += part.published;
    complete = part.complete;
  }
  return published;
}

async function drainPart(
  deps: Draining,
  { saver, halt, delivery, alreadyPublished }: Resumed,
): Promise<{ readonly published: number; readonly complete: boolean }> {
  const drain = await deps.table.openDrain(saver.current.published, saver.current.drain);
  const openedAt = performance.now();
  let published = 0;

  function noteProgress(progress: Partial<Checkpoint>, events: number): void {
    // As long as records that were found on Kafka have not come again, the next start must be able to find them as well.
    const publishedOffsets = alreadyPublished.size > 0 ? saver.current.publishedOffsets : delivery.endOffsets;
    // They bound what a stream would come across as well; left where the last stream ended, they would have the next start read all
    // that has been polled since.
    const offsets = { publishedOffsets, confirmedOffsets: publishedOffsets };
    saver.note({ ...saver.current, ...progress, ...offsets }, events);
  }

  async function publishPage(page: readonly OutboxEvent[]): Promise<void> {
    for (let from = 0; from < page.length && !halt.aborted; ) {
      const end = batchEnd(page, from, deps.batch);
      const batch = page.slice(from, end);
      await delivery.deliver(batch);
      deps.observer.published(batch, Date.parse(batch[0]?.createdAt ?? ""));
      from = end;
      published += batch.length;
      noteProgress(
        { drain: { snapshot: drain.snapshot, position: batch.at(-1)?.position ?? "0" } },
        batch.length,
      );
    }
    await saver.saveIfDue();
  }

  try {
    const pages = readAhead(drain);
    for (;;) {
      const page = await pages.next();
      if (page.length === 0) break;
      await publishPage(page);
      if (halt.aborted || performance.now() - openedAt >= MAX_OPEN_MS) return { published, complete: false };
    }
    alreadyPublished.forgetIfSeenBy(drain.snapshot);
    noteProgress({ published: drain.snapshot, drain: undefined }, 0);
    return { published, complete: true };
  } finally {
    await drain.close();
  }
}

/** Reads the next page while the last one is being published. */
function readAhead(drain: OpenDrain): { next(): Promise<OutboxEvent[]> } {
  let limit = FIRST_PAGE_EVENTS;
  let ahead: Promise<OutboxEvent[]> | undefined;

  async function read(): Promise<OutboxEvent[]> {
    const page = await drain.read(limit);
    limit = nextPageLimit(page, limit);
    return page;
  }

  return {
    async next() {
      const page = await (ahead ?? read());
      if (page.length > 0) {
        ahead = read();
        // The next call awaits it; until then its rejection has nobody else.
        ahead.catch(() => {});
      }
      return page;
    },
  };
}
