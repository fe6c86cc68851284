import type { Tracer } from "../../../platform/tracing/tracer.ts";
import type { DeadLetters } from "../../application/dead-letters.ts";
import type { EventStream } from "../../application/event-stream.ts";
import type { Publisher } from "../../application/publisher.ts";
import { createSendSpans } from "./send-spans.ts";

interface TracedPorts {
  readonly stream: EventStream;
  readonly publisher: Publisher;
  readonly deadLetters: DeadLetters;
}

/**
 * The ports through which each event goes, with a look at it on its way. The relay itself knows nothing of traces; while nobody
 * collects them these are the very ports that were given.
 */
export function traceEvents(
  { stream, publisher, deadLetters }: TracedPorts,
  tracer: Tracer,
  topicOf: ReadonlyMap<string, string>,
): TracedPorts {
  if (!tracer.isOn) return { stream, publisher, deadLetters };
  const spans = createSendSpans(tracer, topicOf);
  return {
    stream: {
      open(sink) {
        let committedAt = 0;
        return stream.open({
          ...sink,
          begin(commitLsn, at, xid) {
            committedAt = at;
            sink.begin(commitLsn, at, xid);
          },
          event(event) {
            spans.committed(event, committedAt);
            sink.event(event);
          },
        });
      },
    },
    publisher: {
      refusal: (event) => publisher.refusal(event),
      async publish(events) {
        spans.sending(events);
        try {
          const offsets = await publisher.publish(events);
          spans.acked(events);
          return offsets;
        } catch (error) {
          spans.failed(events, error);
          throw error;
        }
      },
      discard() {
        spans.abandoned();
        return publisher.discard();
      },
    },
    deadLetters: {
      ...deadLetters,
      async park(events, epoch) {
        await deadLetters.park(events, epoch);
        for (const { event, refusal } of events) spans.parked(event, refusal?.reason);
      },
    },
  };
}
