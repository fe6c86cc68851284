/** Kafka offsets by topic and partition, decimal: each is the offset after the last record that is known of. */
export type TopicOffsets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** `offsets` with those partitions replaced that `newer` has. */
export function mergeOffsets(offsets: TopicOffsets, newer: TopicOffsets): TopicOffsets {
  const merged: Record<string, Readonly<Record<string, string>>> = { ...offsets };
  for (const [topic, partitions] of Object.entries(newer))
    merged[topic] = { ...merged[topic], ...partitions };
  return merged;
}
