import { errorType, type Tracer } from "../../platform/tracing/tracer.ts";
import type { InSpan } from "../application/ports.ts";
import { OrderError } from "../domain/order-error.ts";

/**
 * The span of the transaction that writes an outbox row, from waiting for a connection to the commit. In the words of
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ it creates the message: its context is what travels in the row,
 * and then in the record.
 */
export function createTransactionSpans(tracer: Tracer): InSpan {
  return async ({ eventId, orderId, trace }, work) => {
    if (!tracer.isOn) return work(trace);
    const span = tracer.startSpan("create outbox", {
      kind: "producer",
      parent: trace,
      attributes: {
        "db.system.name": "postgresql",
        "messaging.system": "postgresql",
        "messaging.operation.type": "create",
        "messaging.destination.name": "outbox",
        "messaging.message.id": eventId,
        "messaging.message.conversation_id": orderId,
      },
    });
    try {
      return await work(span.trace);
    } catch (error) {
      span.fail(error instanceof OrderError ? error.code : errorType(error));
      throw error;
    } finally {
      span.end();
    }
  };
}
