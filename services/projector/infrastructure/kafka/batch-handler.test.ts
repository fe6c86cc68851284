import type { EachBatchPayload } from "kafkajs";
import { expect, test } from "vitest";
import { type BatchContext, FetchedRecord } from "../../../platform/kafka/fetched-record.ts";
import type { ProjectBatch } from "../../application/project-batch.ts";
import { createBatchHandler } from "./batch-handler.ts";

/** A batch of `count` records at offsets 100, 101, …, over a consumer that writes down what it is told. */
function payloadOf(count: number, heartbeat: () => Promise<void> = async () => {}) {
  const log: string[] = [];
  let next: string | undefined;
  const messages = fetched(count);
  const payload = {
    batch: { topic: "t", partition: 2, messages },
    resolveOffset: (offset: string) => {
      next = String(BigInt(offset) + 1n);
      log.push(`resolved ${offset}`);
    },
    heartbeat,
    isStale: () => false,
    // As kafkajs: the number of a partition is a string, and those of other workers are there as well.
    uncommittedOffsets: () => ({
      topics: [
        {
          topic: "t",
          partitions: [
            { partition: "1", offset: "7" },
            ...(next === undefined ? [] : [{ partition: "2", offset: next }]),
          ],
        },
      ],
    }),
    commitOffsetsIfNecessary: async (offsets: unknown) =>
      void log.push(`committed ${JSON.stringify(offsets)}`),
  };
  return { payload: payload as unknown as EachBatchPayload, log };
}

function fetched(count: number): FetchedRecord[] {
  // Attributes, a time and an offset relative to the batch's, no key, no value, no headers.
  const record = (i: number) => [0, 0, 2 * i, 1, 1, 0];
  const bytes = Buffer.from(Array.from({ length: count }, (_, i) => record(i)).flat());
  const context: BatchContext = {
    bytes,
    firstOffset: 100n,
    firstTimestamp: 0,
    appendedAt: undefined,
    isControlBatch: false,
    inTransaction: false,
    producerId: "-1",
  };
  return Array.from({ length: count }, (_, i) => new FetchedRecord(context, 6 * i, 6 * (i + 1)));
}

const committed = (offset: number) =>
  `committed {"topics":[{"topic":"t","partitions":[{"partition":2,"offset":"${offset}"}]}]}`;

function handlerOf(projectBatch: ProjectBatch, stopping = new AbortController().signal) {
  return createBatchHandler({ projectBatch, chunkRecords: 2, heartbeatIntervalMs: 1, stopping });
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));

test("each chunk is resolved after its effect, and what is resolved is committed, of this partition only", async () => {
  const { payload, log } = payloadOf(5);
  await handlerOf(async (records) => void log.push(`projected ${records.map(({ offset }) => offset)}`))(
    payload,
  );
  expect(log).toEqual([
    "projected 100,101",
    "resolved 101",
    "projected 102,103",
    "resolved 103",
    "projected 104",
    "resolved 104",
    committed(105),
  ]);
});

test("a fault of ours goes up, and nothing of its chunk is resolved or committed", async () => {
  const { payload, log } = payloadOf(2);
  const handle = handlerOf(async () => Promise.reject(new TypeError("planted")));
  await expect(handle(payload)).rejects.toThrow("planted");
  expect(log).toEqual([]);
});

test("a stop finishes the chunk under way, commits it, and leaves the rest to the next owner", async () => {
  const stop = new AbortController();
  const { payload, log } = payloadOf(6);
  await handlerOf(async () => stop.abort(), stop.signal)(payload);
  expect(log).toEqual(["resolved 101", committed(102)]);
});

test("a stop while a server is away commits what was done before, and no more", async () => {
  const stop = new AbortController();
  const { payload, log } = payloadOf(4);
  let chunk = 0;
  const handling = handlerOf((_, signal) => {
    chunk += 1;
    if (chunk === 1) return Promise.resolve();
    queueMicrotask(() => stop.abort());
    return untilAborted(signal);
  }, stop.signal)(payload);
  await handling;
  expect(log).toEqual(["resolved 101", committed(102)]);
});

test("heartbeats go on while the work waits; when one fails the work is given up and kafkajs gets its error", async () => {
  let beats = 0;
  const { payload, log } = payloadOf(2, async () => {
    beats += 1;
    if (beats === 3) throw new Error("REBALANCE_IN_PROGRESS");
  });
  await expect(handlerOf((_, signal) => untilAborted(signal))(payload)).rejects.toThrow(
    "REBALANCE_IN_PROGRESS",
  );
  expect(beats).toBeGreaterThanOrEqual(3);
  expect(log).toEqual([]);
});
