import { expect, test } from "vitest";
import { recordingTracer } from "../../platform/testing/recorded-spans.ts";
import { noTracer } from "../../platform/tracing/tracer.ts";
import { OrderError } from "../domain/order-error.ts";
import { createTransactionSpans } from "./transaction-spans.ts";

const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
const written = { eventId: "an event", orderId: "an order", trace };

test("the row passes the context of the transaction that writes it on", async () => {
  const tracer = recordingTracer();
  const given = await createTransactionSpans(tracer)(written, async (within) => within);
  const [span] = tracer.spans();
  expect(span).toMatchObject({
    kind: "PRODUCER",
    parentId: "b7ad6b7169203331",
    failed: false,
    attributes: { "messaging.operation.type": "create", "messaging.message.id": "an event" },
  });
  expect(given).toEqual({ traceparent: `00-0af7651916cd43dd8448eb211c80319c-${span?.spanId}-01` });
});

test("a transaction that is rolled back says why", async () => {
  const tracer = recordingTracer();
  const refused = new OrderError("VERSION_MISMATCH", "it is at another");
  await expect(createTransactionSpans(tracer)(written, () => Promise.reject(refused))).rejects.toBe(refused);
  expect(tracer.spans()).toMatchObject([{ failed: true, attributes: { "error.type": "VERSION_MISMATCH" } }]);
});

test("while nobody collects traces the row passes the call's on", async () => {
  const inSpan = createTransactionSpans(noTracer);
  expect(await inSpan(written, async (within) => within)).toBe(trace);
});
