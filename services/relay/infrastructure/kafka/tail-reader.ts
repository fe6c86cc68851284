import { setTimeout as sleep } from "node:timers/promises";
import type { FetchedRecord } from "../../../platform/kafka/fetched-record.ts";
import type { LeaderConnections } from "../../../platform/kafka/leader-connections.ts";
import { ABSENT, findHeaders } from "../../../platform/kafka/record-headers.ts";
import { offsetBehind, readRecordSet } from "../../../platform/kafka/record-set.ts";
import type { KafkaTail } from "../../application/kafka-tail.ts";
import { createUuidSet, type UuidSet } from "../../domain/uuid-set.ts";
import { TRANSACTION_ID_HEADER } from "./record.ts";
import { fetchRecordSet } from "./tail-fetch.ts";
import { offsetsOf, type PartitionEnds, type TailRange, tailRange } from "./tail-range.ts";

export interface TailReaderOptions {
  /** The routed topics. */
  readonly topics: readonly string[];
  /** Makes the topic if it is missing. */
  readonly ensureTopic: (topic: string) => Promise<unknown>;
  readonly partitionEnds: (topic: string) => Promise<readonly PartitionEnds[]>;
  readonly openConnections: (topics: readonly string[]) => Promise<LeaderConnections>;
  /** How long a request that was left behind may take to land. */
  readonly settleMs: number;
  /** Most events that are remembered; what is beyond is not known of, and a gap says so. */
  readonly maxEvents: number;
}

interface Found {
  readonly ids: UuidSet;
  readonly transactionIds: number[];
  readonly gaps: string[];
}

const HEADERS = ["ce_id", TRANSACTION_ID_HEADER].map((name) => Buffer.from(name));

/** Asks for the offsets, which is all there is to do after an orderly end, and reads what lies in between. */
export function createTailReader(options: TailReaderOptions): KafkaTail {
  const { topics, maxEvents } = options;

  async function readRanges(ranges: readonly TailRange[], found: Found, signal: AbortSignal): Promise<void> {
    const connections = await options.openConnections([...new Set(ranges.map(({ topic }) => topic))]);
    try {
      for (const range of ranges) {
        const { topic, partition, end } = range;
        const at = await readRange(connections, range, found, signal);
        if (at >= end) continue;
        const limit = `${maxEvents} events is the limit`;
        found.gaps.push(`${topic}/${partition} was read to offset ${at} of ${end}: ${limit}`);
      }
    } finally {
      await connections.close();
    }
  }

  /** Returns the offset that it has come to. */
  async function readRange(
    connections: LeaderConnections,
    range: TailRange,
    found: Found,
    signal: AbortSignal,
  ): Promise<bigint> {
    let at = range.start;
    while (at < range.end && found.ids.size < maxEvents) {
      const set = await fetchRecordSet(connections, range, at, signal);
      for (const record of await readRecordSet(set)) if (!record.isControlRecord) note(record, at, found);
      at = offsetBehind(set) ?? at;
    }
    return at;
  }

  return {
    async read(from, { settle, signal }) {
      for (const topic of topics) await options.ensureTopic(topic);
      if (settle) await sleep(options.settleMs, undefined, { signal });
      const ranges: TailRange[] = [];
      for (const topic of topics) {
        for (const ends of await options.partitionEnds(topic)) ranges.push(tailRange(ends, from));
      }
      const toRead = ranges.filter(({ start, end }) => start < end);
      const records = toRead.reduce((sum, { start, end }) => sum + Number(end - start), 0);
      const gaps = ranges.flatMap(({ gap }) => gap ?? []);
      const found: Found = { ids: createUuidSet(Math.min(records, maxEvents)), transactionIds: [], gaps };
      if (toRead.length > 0) await readRanges(toRead, found, signal);
      return { ...found, startOffsets: offsetsOf(ranges, "start"), endOffsets: offsetsOf(ranges, "end") };
    },
  };
}

function note(record: FetchedRecord, from: bigint, { ids, transactionIds }: Found): void {
  const { offset, headers } = record.read();
  if (BigInt(offset) < from) return; // a fetch gives whole batches
  const [idAt, idEnd, transactionAt, transactionEnd] = findHeaders(headers, HEADERS);
  const id = text(headers, idAt, idEnd);
  const transactionId = text(headers, transactionAt, transactionEnd);
  // Other writers' records may be on the topic: without both headers it is none of ours.
  if (!/^\d{1,15}$/.test(transactionId)) return;
  try {
    ids.add(id);
  } catch {
    return;
  }
  const transaction = Number(transactionId);
  if (transaction !== transactionIds.at(-1)) transactionIds.push(transaction);
}

/** "" for a header that is not there, has no value or more than one. */
function text(bytes: Buffer, start = ABSENT, end = ABSENT): string {
  return start < 0 ? "" : bytes.toString("latin1", start, end);
}
