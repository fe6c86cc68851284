import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { coalesceReads } from "./coalesced-reads.ts";

let clock = 0;

beforeEach(() => {
  clock = 0;
  vi.useFakeTimers({ toFake: ["setTimeout"] });
});
afterEach(() => void vi.useRealTimers());

function open() {
  const stream = new PassThrough({ highWaterMark: 10_000_000 });
  const reads = coalesceReads(stream, () => clock);
  return { stream, reads };
}

/** What one read of the socket gives. */
function read(stream: PassThrough, bytes: number): void {
  stream.emit("data", Buffer.alloc(bytes));
}

test("a stream that is not busy is read eagerly", () => {
  const { stream } = open();
  for (; clock < 1_000; clock += 1) {
    read(stream, 2_000);
    expect(stream.isPaused()).toBe(false);
  }
});

test("a busy stream rests once all that was there has been read", () => {
  const { stream } = open();
  read(stream, 65_536);
  expect(stream.isPaused()).toBe(false);
  read(stream, 20_000);
  expect(stream.isPaused()).toBe(true);
  vi.advanceTimersByTime(3);
  expect(stream.isPaused()).toBe(false);
});

test("what pauses the stream outlasts a rest, and a rest outlasts a resume", () => {
  const { stream, reads } = open();
  read(stream, 20_000);
  reads.pause();
  vi.advanceTimersByTime(3);
  expect(stream.isPaused()).toBe(true);
  reads.resume();
  expect(stream.isPaused()).toBe(false);
  clock = 100;
  read(stream, 20_000);
  reads.pause();
  reads.resume();
  expect(stream.isPaused()).toBe(true);
  vi.advanceTimersByTime(3);
  expect(stream.isPaused()).toBe(false);
});
