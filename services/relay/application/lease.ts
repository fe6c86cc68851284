/** Port: makes sure that one relay of a name works at a time; the others stand by. */
export interface Leases {
  /**
   * Waits until the lease is free and takes it; `onStandby` is called when another has it. A holder that is frozen or cut off loses
   * it after a while. Rejects when the database cannot be reached or `signal` aborts.
   */
  acquire(signal: AbortSignal, onStandby: () => void): Promise<Lease>;
}

export interface Lease {
  /** Grows with every leader; a checkpoint is only written by the newest. */
  readonly epoch: bigint;
  /** The leader before ended in order: nothing of it, or of one before it, is still on its way to Kafka. */
  readonly afterOrderlyEnd: boolean;
  /** Resolves with the reason when the lease is not ours any more. Never rejects. */
  readonly lost: Promise<Error>;
  /** `orderly`: nothing of this leader, or of one before it, is on its way to Kafka. */
  release(orderly: boolean): Promise<void>;
}
