/** Kafka offsets by topic and partition, decimal: each is the offset after the last record that is known of. */
export type TopicOffsets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** `offsets` with those partitions replaced that `newer` has. */
export function mergeOffsets(offsets: TopicOffsets, newer: TopicOffsets): TopicOffsets {
  const merged: Record<string, Readonly<Record<string, string>>> = { ...offsets };
  for (const [topic, partitions] of Object.entries(newer))
    merged[topic] = { ...merged[topic], ...partitions };
  return merged;
}

/** The lower one for each partition; what only one of the two has, as it is there. */
export function minOffsets(a: TopicOffsets, b: TopicOffsets): TopicOffsets {
  const lower: Record<string, Record<string, string>> = {};
  for (const [topic, partitions] of Object.entries(mergeOffsets(a, b))) {
    const of: Record<string, string> = {};
    for (const partition of Object.keys(partitions)) {
      const [first, second] = [a[topic]?.[partition], b[topic]?.[partition]];
      const least =
        first === undefined || (second !== undefined && BigInt(second) < BigInt(first)) ? second : first;
      of[partition] = least as string;
    }
    lower[topic] = of;
  }
  return lower;
}

/** `offsets`, where each partition that is unknown, or outside of `from` to `to`, is set to `from`. */
export function clampOffsets(offsets: TopicOffsets, from: TopicOffsets, to: TopicOffsets): TopicOffsets {
  const clamped: Record<string, Record<string, string>> = {};
  for (const [topic, partitions] of Object.entries(from)) {
    const of: Record<string, string> = {};
    for (const [partition, least] of Object.entries(partitions)) {
      const offset = offsets[topic]?.[partition];
      const most = to[topic]?.[partition] ?? least;
      const isInside =
        offset !== undefined && BigInt(offset) >= BigInt(least) && BigInt(offset) <= BigInt(most);
      of[partition] = isInside ? offset : least;
    }
    clamped[topic] = of;
  }
  return mergeOffsets(offsets, clamped);
}
