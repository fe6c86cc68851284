import type { ConsumedRecord } from "./consumed-record.ts";
import type { UnreadableReason } from "./unreadable-record.ts";

/** A record that was not understood, and why. */
export interface DeadLetter {
  readonly record: ConsumedRecord;
  readonly reason: UnreadableReason;
  readonly message: string;
}

/** Where records go that cannot be understood, for a person to look at. */
export interface DeadLetterTopic {
  /** Resolves once the broker has acked all of them. After a rejection some may be there: publishing again may repeat them. */
  publish(letters: readonly DeadLetter[]): Promise<void>;
}
