import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { OutboxState } from "../application/outbox-figures.ts";
import { outboxState } from "../testing/outbox-state.ts";
import { type FiguresSampler, startFiguresSampler } from "./figures-sampler.ts";

let answer: () => Promise<OutboxState>;
let reads: number;
let sampler: FiguresSampler;

function start(first: () => Promise<OutboxState>): void {
  answer = first;
  sampler = startFiguresSampler({
    figures: {
      read() {
        reads += 1;
        return answer();
      },
    },
    log: pino({ level: "silent" }),
  });
}

const waitingFor = (oldestUnpublishedAgeMs: number) => async () => outboxState({ oldestUnpublishedAgeMs });
const failing = () => Promise.reject(new Error("SQL is away"));
const never = () => new Promise<OutboxState>(() => {});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  reads = 0;
});
afterEach(() => {
  sampler.stop();
  vi.useRealTimers();
});

test("the age is what the database tells, and falls to 0 when nothing waits any more", async () => {
  start(waitingFor(7_000));
  await pass(1_500);
  expect(sampler.oldestUnpublishedAgeMs).toBe(7_000);
  answer = waitingFor(0);
  await pass(1_500);
  expect(sampler.oldestUnpublishedAgeMs).toBe(0);
});

test.each([
  ["fails", failing],
  ["does not answer", never],
])(
  "while SQL %s the age goes on rising from the last state, though nothing waited then",
  async (_, broken) => {
    start(waitingFor(0));
    await pass(100);
    answer = broken;
    await pass(30_000);
    const risen = sampler.oldestUnpublishedAgeMs;
    expect(risen).toBeGreaterThan(28_000);
    await pass(10_000);
    expect(sampler.oldestUnpublishedAgeMs).toBe(risen + 10_000);
    expect(sampler.state?.oldestUnpublishedAgeMs).toBe(0);
  },
);

test("when SQL was never there the age rises from the start", async () => {
  start(failing);
  await pass(20_000);
  expect(sampler.state).toBeUndefined();
  expect(sampler.oldestUnpublishedAgeMs).toBe(20_000);
});

test("when SQL is back the age is what it tells", async () => {
  start(failing);
  await pass(20_000);
  answer = waitingFor(3_000);
  await pass(10_000);
  expect(sampler.oldestUnpublishedAgeMs).toBe(3_000);
});

test("while SQL fails it is asked ever less often, up to a limit", async () => {
  start(failing);
  await pass(60_000);
  const early = reads;
  await pass(60_000);
  expect(early).toBeLessThan(20);
  expect(reads - early).toBeGreaterThanOrEqual(6);
  expect(reads - early).toBeLessThanOrEqual(12);
});

test("a state that takes long to read is read less often, and its age does not rise meanwhile", async () => {
  start(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return outboxState({ oldestUnpublishedAgeMs: 0 });
  });
  await pass(1_500);
  for (let i = 0; i < 100; i++) {
    await pass(100);
    expect(sampler.oldestUnpublishedAgeMs).toBe(0);
  }
  expect(reads).toBeLessThan(5);
});
