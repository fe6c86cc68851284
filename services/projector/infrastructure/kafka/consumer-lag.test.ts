import { EventEmitter } from "node:events";
import type { Consumer } from "kafkajs";
import { expect, test } from "vitest";
import { createConsumerLag } from "./consumer-lag.ts";

function createScene() {
  const emitter = new EventEmitter();
  const events = { GROUP_JOIN: "join", START_BATCH_PROCESS: "start", END_BATCH_PROCESS: "end" };
  const lag = createConsumerLag("t");
  lag.watch({ events, on: emitter.on.bind(emitter) } as unknown as Consumer);
  const tell = (event: string, payload: object) => emitter.emit(event, { payload });
  return {
    lag,
    join: (...partitions: number[]) => tell("join", { memberAssignment: { t: partitions } }),
    begin: (partition: number, highWatermark: string) => tell("start", { partition, highWatermark }),
    end: (partition: number, lastOffset: string) => tell("end", { partition, lastOffset }),
    learn: (partition: number, end: string, next: string) => lag.learn([{ partition, end, next }]),
    read: () => Object.fromEntries(lag.read().map(({ partition, records }) => [partition, records])),
  };
}

test("while records flow the fetches tell it: what is in a batch counts until the batch is done", () => {
  const { join, learn, begin, end, read } = createScene();
  join(0);
  learn(0, "100", "100");
  expect(read()).toEqual({ 0: 0 });
  begin(0, "150");
  expect(read()).toEqual({ 0: 50 });
  end(0, "129");
  expect(read()).toEqual({ 0: 20 });
  begin(0, "150");
  end(0, "149");
  expect(read()).toEqual({ 0: 0 });
});

test("while a batch stalls the broker's answers tell how it grows", () => {
  const { join, learn, begin, read } = createScene();
  join(0);
  learn(0, "0", "0");
  begin(0, "10");
  learn(0, "500", "0");
  expect(read()).toEqual({ 0: 500 });
});

test("an answer of the broker that a batch has overtaken neither takes the position back nor makes the lag negative", () => {
  const { join, begin, end, learn, read } = createScene();
  join(0);
  begin(0, "10");
  end(0, "9");
  learn(0, "8", "5");
  expect(read()).toEqual({ 0: 0 });
  learn(0, "12", "5");
  expect(read()).toEqual({ 0: 2 });
});

test("only the partitions that are this process's have a lag, and one whose position nobody knows has none", () => {
  const { lag, join, learn, read } = createScene();
  learn(0, "5", "0");
  learn(1, "7", "0");
  expect(read()).toEqual({});
  join(0, 2);
  expect(read()).toEqual({ 0: 5 });
  join(1);
  expect(read()).toEqual({ 1: 7 });
  lag.left();
  expect(read()).toEqual({});
});

test("offsets beyond 2^53 are subtracted exactly", () => {
  const { join, learn, read } = createScene();
  join(0);
  learn(0, "9223372036854775807", "9223372036854775800");
  expect(read()).toEqual({ 0: 7 });
});
