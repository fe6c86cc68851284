import type { Logger } from "../../platform/logger.ts";
import { traceIdOf } from "../../platform/tracing/trace-context.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import type { TopicOffsets } from "../domain/topic-offsets.ts";
import type { AlreadyPublished } from "./already-published.ts";
import { type DeadLetter, type DeadLetters, orderingKey, type ParkedEvent } from "./dead-letters.ts";
import type { BatchLimits } from "./event-queue.ts";
import type { BatchPublisher } from "./publish-batch.ts";
import type { Publisher, Refusal } from "./publisher.ts";
import type { RelayObserver } from "./relay-observer.ts";
import { rowTrace } from "./row-trace.ts";

/** Brings events to where they are safe: onto Kafka, or, when they can never go there, into the dead letters. */
export interface Delivery {
  /**
   * Resolves when each event is on Kafka or parked, in order per key. Rejects when `abandon` aborts or the lease is lost: then any
   * part may have been delivered.
   */
  deliver(events: readonly OutboxEvent[]): Promise<void>;
  /**
   * Does what people have asked for with dead letters: publishes those of a key in their order, as far as they can be. Ends early,
   * between two batches, when `halt` aborts.
   */
  release(halt?: AbortSignal): Promise<void>;
  /**
   * After the last record of each partition that is known of; but never past a released letter that is still among the dead
   * letters, so that the next start finds it on Kafka.
   */
  readonly endOffsets: TopicOffsets;
}

export interface DeliveryParts {
  readonly batches: BatchPublisher;
  readonly publisher: Pick<Publisher, "refusal">;
  readonly deadLetters: DeadLetters;
  readonly alreadyPublished: AlreadyPublished;
  /** By the checkpoint as it is saved: no source comes across the event again. */
  readonly isCovered: (event: OutboxEvent) => boolean;
  /** Of one batch of released letters: what they take up in memory, and in a request, has a limit as well. */
  readonly batch: BatchLimits;
  readonly epoch: bigint;
  readonly abandon: AbortSignal;
  readonly observer: RelayObserver;
  readonly log: Logger;
}

interface Sorted {
  readonly toSend: readonly OutboxEvent[];
  readonly toPark: readonly ParkedEvent[];
}

export async function openDelivery(parts: DeliveryParts): Promise<Delivery> {
  const { batches, publisher, deadLetters, alreadyPublished, isCovered, epoch, abandon, observer, log } =
    parts;
  const parkedKeys = await deadLetters.parkedKeys();
  if (parkedKeys.size > 0) await forgetReleased();
  observer.parkedKeys(parkedKeys.size);
  let last: Promise<unknown> = Promise.resolve();
  /** Letters that are on Kafka, and not removed yet. */
  const released = new Set<string>();
  let offsetsBeforeReleased: TopicOffsets | undefined;

  /** A leader before this one may have died between a letter's publication and its removal. */
  async function forgetReleased(): Promise<void> {
    const released = (await deadLetters.ids()).filter((id) => alreadyPublished.has(id));
    if (released.length === 0) return;
    await deadLetters.remove(released, epoch);
    const left = await deadLetters.parkedKeys();
    for (const key of parkedKeys) if (!left.has(key)) parkedKeys.delete(key);
  }

  /** One at a time: nothing of a key may be published while its parked events are being released. */
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  }

  async function park(events: readonly ParkedEvent[]): Promise<void> {
    await deadLetters.park(events, epoch);
    for (const { event, refusal } of events) {
      parkedKeys.add(orderingKey(event));
      if (!refusal) continue;
      observer.deadLettered(refusal.reason);
      const { id, position, aggregateType, headers } = event;
      log.error(
        { id, position, aggregateType, trace_id: traceIdOf(rowTrace(headers)), ...refusal },
        "the event cannot be published: it is a dead letter, its key waits",
      );
    }
    observer.parkedKeys(parkedKeys.size);
  }

  /** What can be sent, and what goes to the dead letters. */
  function sort(events: readonly OutboxEvent[]): Sorted {
    const nothingSpecial = parkedKeys.size === 0 && alreadyPublished.size === 0;
    if (nothingSpecial && !events.some((event) => publisher.refusal(event)))
      return { toSend: events, toPark: [] };
    const toSend: OutboxEvent[] = [];
    const toPark: ParkedEvent[] = [];
    const parkedHere = new Set<string>();
    for (const event of events) {
      if (alreadyPublished.take(event.id)) continue;
      const mayWait = parkedKeys.size > 0 || parkedHere.size > 0;
      const key = mayWait ? orderingKey(event) : "";
      const waits = mayWait && (parkedKeys.has(key) || parkedHere.has(key));
      const refusal = waits ? undefined : publisher.refusal(event);
      if (!waits && !refusal) {
        toSend.push(event);
        continue;
      }
      toPark.push({ event, refusal });
      if (refusal) parkedHere.add(orderingKey(event));
    }
    return { toSend, toPark };
  }

  /**
   * What is parked comes last: a leader after this one parks all of a key that it finds parked, also what should have gone to
   * Kafka before.
   */
  async function deliver(events: readonly OutboxEvent[]): Promise<void> {
    let { toSend, toPark } = sort(events);
    while (toSend.length > 0) {
      const result = await batches.publish(toSend, abandon);
      if (!result.refused) break;
      await park([{ event: result.refused, refusal: byBroker(result.detail) }]);
      const rest = sort(result.rest);
      toSend = rest.toSend;
      toPark = [...rest.toPark, ...toPark];
    }
    if (toPark.length > 0) await park(toPark);
  }

  /** Publishes the key's events up to the next one that has to stay; true when more may follow. */
  async function releaseSome(key: string): Promise<boolean> {
    const letters = await deadLetters.ofKey(key, parts.batch);
    if (letters.length === 0) parkedKeys.delete(key);
    const stays = letters.findIndex(mustStay);
    const front = stays === -1 ? letters : letters.slice(0, stays);
    if (front.length === 0) return false;
    const discarded = front.filter(({ request }) => request === "discard").map(({ event }) => event.id);
    const wanted = front.filter(({ request }) => request !== "discard").map(({ event }) => event);

    offsetsBeforeReleased ??= batches.endOffsets;
    const { published, refused } = await publishInOrder(wanted.filter(({ id }) => !released.has(id)));
    for (const { id } of published) released.add(id);
    await deadLetters.remove([...discarded, ...released], epoch);
    released.clear();
    offsetsBeforeReleased = undefined;
    log.warn({ published: published.length, discarded }, "released dead letters, as asked for");
    if (refused) await park([refused]);
    return stays === -1 && !refused;
  }

  /** Also until the checkpoint covers it: a source could come across it again when it is no dead letter any more. */
  function mustStay({ event, isRefused, request }: DeadLetter): boolean {
    return (isRefused && request === undefined) || !isCovered(event);
  }

  /** Events of one key: stops at the first one that is refused. */
  async function publishInOrder(
    events: readonly OutboxEvent[],
  ): Promise<{ published: readonly OutboxEvent[]; refused?: ParkedEvent }> {
    const at = events.findIndex((event) => publisher.refusal(event) !== undefined);
    const sendable = at === -1 ? events : events.slice(0, at);
    const result = sendable.length > 0 ? await batches.publish(sendable, abandon) : {};
    if (result.refused) {
      const refused = { event: result.refused, refusal: byBroker(result.detail) };
      return { published: sendable.slice(0, sendable.indexOf(result.refused)), refused };
    }
    const event = events[at];
    return event
      ? { published: sendable, refused: { event, refusal: publisher.refusal(event) } }
      : { published: sendable };
  }

  return {
    deliver: (events) => exclusively(() => deliver(events)),
    async release(halt = abandon) {
      for (const key of await deadLetters.releasableKeys()) {
        for (let more = true; more && !halt.aborted; ) more = await exclusively(() => releaseSome(key));
      }
      observer.parkedKeys(parkedKeys.size);
    },
    get endOffsets() {
      return offsetsBeforeReleased ?? batches.endOffsets;
    },
  };
}

function byBroker(detail: string): Refusal {
  return { reason: /too.?large/i.test(detail) ? "too_large" : "refused_by_broker", detail };
}
