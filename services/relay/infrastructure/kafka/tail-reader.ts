import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { KafkaTail } from "../../application/kafka-tail.ts";
import { createUuidSet } from "../../domain/uuid-set.ts";
import { offsetsOf, type PartitionEnds, type TailRange, tailRange } from "./tail-range.ts";
import type { TailFound, TailTask } from "./tail-worker.ts";

export interface TailReaderOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** The routed topics. */
  readonly topics: readonly string[];
  /** Makes the topic if it is missing. */
  readonly ensureTopic: (topic: string) => Promise<unknown>;
  readonly partitionEnds: (topic: string) => Promise<readonly PartitionEnds[]>;
  /** How long a request that was left behind may take to land. */
  readonly settleMs: number;
  /** Most events that are remembered; what is beyond is not known of, and a gap says so. */
  readonly maxEvents: number;
}

/**
 * Asks for the offsets, which is all there is to do after an orderly end. Where there is something to read a worker thread does
 * it: its client takes 60 MB of memory, which are given back with the thread.
 */
export function createTailReader(options: TailReaderOptions): KafkaTail {
  const { brokers, clientId, topics, maxEvents } = options;
  return {
    async read(from, { settle, signal }) {
      for (const topic of topics) await options.ensureTopic(topic);
      if (settle) await sleep(options.settleMs, undefined, { signal });
      const ranges: TailRange[] = [];
      for (const topic of topics) {
        for (const ends of await options.partitionEnds(topic)) ranges.push(tailRange(ends, from));
      }
      const toRead = ranges.filter(({ start, end }) => start < end);
      const found =
        toRead.length > 0
          ? await readInWorker({ brokers, clientId, ranges: toRead, maxEvents }, signal)
          : { ids: undefined, transactionIds: [], gaps: [] };
      return {
        ids: createUuidSet(found.ids),
        transactionIds: found.transactionIds,
        gaps: [...ranges.flatMap(({ gap }) => gap ?? []), ...found.gaps],
        startOffsets: offsetsOf(ranges, "start"),
        endOffsets: offsetsOf(ranges, "end"),
      };
    },
  };
}

async function readInWorker(task: TailTask, signal: AbortSignal): Promise<TailFound> {
  const worker = new Worker(new URL("tail-worker.ts", import.meta.url), { workerData: task });
  const { promise, resolve, reject } = Promise.withResolvers<TailFound>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the reader of the topics ended with exit code ${code}`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}
