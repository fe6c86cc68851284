/** How the outbox is being read. */
export type ReadingMode = "cdc" | "polling";

/** Port: what happened to the relay, for people to look up. */
export interface RelayHistory {
  /** The mode of the last change, by whatever leader; undefined before the first. */
  lastMode(): Promise<ReadingMode | undefined>;
  modeChanged(change: ModeChange): Promise<void>;
}

export interface ModeChange {
  readonly epoch: bigint;
  readonly from: ReadingMode | undefined;
  readonly to: ReadingMode;
  /** A sentence for people. */
  readonly reason: string;
}
