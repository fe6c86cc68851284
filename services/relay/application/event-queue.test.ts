import fc from "fast-check";
import { expect, test } from "vitest";
import type { TrackedTransaction } from "../domain/ack-law.ts";
import type { OutboxEvent } from "../domain/outbox-event.ts";
import { createEventQueue } from "./event-queue.ts";

const transaction = {} as TrackedTransaction;
const event = (position: number, bytes: number) => ({ position: `${position}`, bytes }) as OutboxEvent;

test("over random pushes and takes events leave in order, batches keep the limits, and the bytes add up", () => {
  const limits = { events: 5, bytes: 100 };
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 150 }), fc.constant("take" as const)), {
        maxLength: 200,
        size: "max",
      }),
      (steps) => {
        const queue = createEventQueue(limits);
        const waiting: OutboxEvent[] = [];
        for (const [index, step] of steps.entries()) {
          if (step === "take") {
            const { events, transactions } = queue.take();
            expect(events).toEqual(waiting.splice(0, events.length));
            expect(transactions).toHaveLength(events.length);
            expect(events.length).toBeLessThanOrEqual(limits.events);
            const bytes = events.reduce((sum, { bytes }) => sum + bytes, 0);
            expect(events.length <= 1 || bytes <= limits.bytes).toBe(true);
            if (waiting.length > 0) expect(events.length).toBeGreaterThan(0);
          } else {
            queue.push(event(index, step), transaction);
            waiting.push(event(index, step));
          }
          expect(queue.length).toBe(waiting.length);
          expect(queue.bytes).toBe(waiting.reduce((sum, { bytes }) => sum + bytes, 0));
        }
      },
    ),
  );
});
