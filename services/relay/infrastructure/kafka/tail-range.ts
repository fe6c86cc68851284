import type { TopicOffsets } from "../../domain/topic-offsets.ts";

/** What is to be read of one partition. */
export interface TailRange {
  readonly topic: string;
  readonly partition: number;
  readonly start: bigint;
  /** Exclusive. */
  readonly end: bigint;
  /** Why not all that should be there can be read: a sentence. */
  readonly gap: string | undefined;
}

/** First and next offset of a partition, as the broker tells them now. */
export interface PartitionEnds {
  readonly topic: string;
  readonly partition: number;
  readonly begin: bigint;
  readonly end: bigint;
}

export function tailRange({ topic, partition, begin, end }: PartitionEnds, from: TopicOffsets): TailRange {
  const known = from[topic]?.[partition];
  const wanted = known === undefined ? (from[topic] ? begin : end) : BigInt(known);
  const range = { topic, partition, end };
  const name = `${topic}/${partition}`;
  if (wanted > end) {
    const gap = `${name} ends at offset ${end}, before ${wanted}: the topic was made anew`;
    // All that is in it came later.
    return { ...range, start: begin, gap };
  }
  if (wanted < begin) {
    const gap = `${name} begins at offset ${begin}, after ${wanted}: records were removed by retention`;
    return { ...range, start: begin, gap };
  }
  return { ...range, start: wanted, gap: undefined };
}

export function offsetsOf(ranges: readonly TailRange[], which: "start" | "end"): TopicOffsets {
  const offsets: Record<string, Record<string, string>> = {};
  for (const range of ranges) {
    offsets[range.topic] = { ...offsets[range.topic], [range.partition]: `${range[which]}` };
  }
  return offsets;
}
