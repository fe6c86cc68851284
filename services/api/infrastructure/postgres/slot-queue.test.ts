import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { noDeadline } from "../../testing/calls.ts";
import { createSlotQueue, type ShedReason } from "./slot-queue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function queueOf(over: { slots?: number; maxWaiting?: number; maxWaitMs?: number } = {}) {
  const shed: ShedReason[] = [];
  const options = { slots: 1, maxWaiting: 3, maxWaitMs: 1_000, ...over };
  return { queue: createSlotQueue({ ...options, onShed: (reason) => shed.push(reason) }), shed };
}

/** What became of a caller, told in order. */
function follow(turn: Promise<void> | undefined, name: string, told: string[]) {
  Promise.resolve(turn).then(
    () => told.push(`${name} has a slot`),
    (error) => told.push(`${name}: ${error.code}`),
  );
}

test("slots are given at once while there are some, and then in the order of coming", async () => {
  const { queue } = queueOf({ slots: 2 });
  const told: string[] = [];
  expect(queue.enter(noDeadline)).toBeUndefined();
  expect(queue.enter(noDeadline)).toBeUndefined();
  for (const name of ["a", "b"]) follow(queue.enter(noDeadline), name, told);
  await vi.advanceTimersByTimeAsync(10);
  expect([told, queue.waitingCount()]).toEqual([[], 2]);
  queue.leave();
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(["a has a slot"]);
  queue.leave();
  queue.leave();
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(["a has a slot", "b has a slot"]);
  queue.leave();
  expect(queue.enter(noDeadline)).toBeUndefined();
  expect(queue.enter(noDeadline)).toBeUndefined();
  expect(queue.enter(noDeadline)).toBeInstanceOf(Promise);
});

test("one more than may wait is turned away at once, and told when to come back", async () => {
  const { queue, shed } = queueOf({ maxWaiting: 1 });
  void queue.enter(noDeadline);
  void queue.enter(noDeadline);
  await expect(queue.enter(noDeadline)).rejects.toMatchObject({
    code: "OVERLOADED",
    retryAfterMs: expect.any(Number),
  });
  expect(shed).toEqual(["queue_full"]);
  expect(queue.waitingCount()).toBe(1);
});

test("nobody waits longer than the longest wait; the place is free again, and no slot is given to who has left", async () => {
  const { queue, shed } = queueOf();
  const told: string[] = [];
  void queue.enter(noDeadline);
  follow(queue.enter(noDeadline), "a", told);
  await vi.advanceTimersByTimeAsync(999);
  expect(told).toEqual([]);
  follow(queue.enter(noDeadline), "b", told);
  await vi.advanceTimersByTimeAsync(1);
  expect([told, shed]).toEqual([["a: OVERLOADED"], ["waited_too_long"]]);
  queue.leave();
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(["a: OVERLOADED", "b has a slot"]);
});

test("a caller whose signal aborts leaves at once, and one whose signal has aborted does not wait at all", async () => {
  const { queue, shed } = queueOf();
  const caller = new AbortController();
  const deadline = { ...noDeadline, signal: caller.signal };
  const told: string[] = [];
  void queue.enter(noDeadline);
  follow(queue.enter(deadline), "a", told);
  caller.abort();
  follow(queue.enter(deadline), "b", told);
  await vi.advanceTimersByTimeAsync(0);
  expect(told.sort()).toEqual(["a: DEADLINE_EXCEEDED", "b: DEADLINE_EXCEEDED"]);
  expect([queue.waitingCount(), shed]).toEqual([0, []]);
  queue.leave();
  expect(queue.enter(noDeadline)).toBeUndefined();
});

test("once the queue has stood for the longest wait newcomers wait a quarter of it, until it was empty once", async () => {
  const { queue } = queueOf({ maxWaiting: 100 });
  const told: string[] = [];
  void queue.enter(noDeadline);
  // Somebody always waits.
  for (let i = 0; i < 12; i++) {
    follow(queue.enter(noDeadline), `${i}`, told);
    await vi.advanceTimersByTimeAsync(100);
  }
  told.length = 0;
  follow(queue.enter(noDeadline), "while it stands", told);
  await vi.advanceTimersByTimeAsync(249);
  expect(told).not.toContain("while it stands: OVERLOADED");
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toContain("while it stands: OVERLOADED");
  while (queue.waitingCount() > 0) queue.leave();
  follow(queue.enter(noDeadline), "after it was empty", told);
  await vi.advanceTimersByTimeAsync(999);
  expect(told).not.toContain("after it was empty: OVERLOADED");
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toContain("after it was empty: OVERLOADED");
});
