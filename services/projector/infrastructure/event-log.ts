import type { Logger } from "../../platform/logger.ts";
import { traceIdOf } from "../../platform/tracing/trace-context.ts";
import type { ProjectorObserver } from "../application/projector-observer.ts";
import { missedVersions } from "../domain/missed-versions.ts";
import type { OrderEvent } from "../domain/order-event.ts";
import { recordTrace } from "./tracing/record-trace.ts";

/** Writes to the log what deserves a person's eye; never a payload, nor a text that may quote one. */
export function createEventLog(
  log: Logger,
  traceIdOfEvent: (event: OrderEvent) => string | undefined = () => undefined,
): ProjectorObserver {
  const stalled = new Set<string>();
  return {
    projected(events, results) {
      results.forEach(({ outcome, previousVersion }, i) => {
        const event = events[i];
        if (event === undefined) return;
        const { orderId, version } = event.view;
        const trace_id = traceIdOfEvent(event);
        const line = { orderId, eventId: event.id, version: version.toString(), trace_id };
        if (outcome === "conflict") log.error(line, "another event of this version came first; ignored");
        const missed = outcome === "applied" ? missedVersions(previousVersion, version) : 0n;
        if (missed > 0n) log.warn({ ...line, missed: missed.toString() }, "went past versions never seen");
      });
    },
    deadLettered(letters) {
      for (const { record, reason } of letters) {
        const { topic, partition, offset, headers } = record;
        const trace_id = traceIdOf(recordTrace(headers));
        log.warn({ topic, partition, offset, reason, trace_id }, "a record was not understood: dead letter");
      }
    },
    // An outage is two lines per partition, however many tries it takes.
    stalled(part, err) {
      if (!stalled.has(part)) log.error({ err, partition: part }, "projecting fails, trying again");
      stalled.add(part);
    },
    resumed(part) {
      if (stalled.delete(part)) log.info({ partition: part }, "projecting goes on");
    },
  };
}
