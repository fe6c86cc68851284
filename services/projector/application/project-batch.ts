import type { OrderEvent } from "../domain/order-event.ts";
import type { ConsumedRecord } from "./consumed-record.ts";
import type { DeadLetter, DeadLetterTopic } from "./dead-letter-topic.ts";
import type { OrderProjection } from "./order-projection.ts";
import type { ProjectorObserver } from "./projector-observer.ts";
import type { ReadEvent } from "./read-event.ts";
import { UnreadableRecord } from "./unreadable-record.ts";
import type { UntilDone } from "./until-done.ts";

/**
 * Brings records of ONE partition, in their order, into the read model, and those that cannot be understood to the dead letters.
 * Resolves once all of it has happened: only then may the offsets be committed. It keeps trying while a server is away; when
 * `signal` aborts it rejects instead, and the same records have to be projected again.
 */
export type ProjectBatch = (records: readonly ConsumedRecord[], signal: AbortSignal) => Promise<void>;

export function createProjectBatch(options: {
  readonly readEvent: ReadEvent;
  readonly projection: OrderProjection;
  readonly deadLetters: DeadLetterTopic;
  readonly observer: ProjectorObserver;
  readonly untilDone: UntilDone;
}): ProjectBatch {
  const { readEvent, projection, deadLetters, observer, untilDone } = options;
  return async (records, signal) => {
    const [first] = records;
    if (first === undefined) return;
    const attempt = { part: `${first.topic}/${first.partition}`, signal };
    const { events, letters } = sort(records, readEvent);
    if (events.length > 0) {
      const results = await untilDone(() => projection.apply(events), attempt);
      observer.projected(events, results);
    }
    if (letters.length > 0) {
      await untilDone(() => deadLetters.publish(letters), attempt);
      observer.deadLettered(letters);
    }
  };
}

/** Any other error than UnreadableRecord is a fault of ours: it goes up, and nothing is committed. */
function sort(
  records: readonly ConsumedRecord[],
  readEvent: ReadEvent,
): { events: OrderEvent[]; letters: DeadLetter[] } {
  const events: OrderEvent[] = [];
  const letters: DeadLetter[] = [];
  for (const record of records) {
    try {
      events.push(readEvent(record));
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      letters.push({ record, reason: error.reason, message: error.message });
    }
  }
  return { events, letters };
}
