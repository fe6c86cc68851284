/** Port: makes sure that one relay of a name works at a time; the others stand by. */
export interface Leases {
  /**
   * Waits until the lease is free and takes it; `onStandby` is called when another has it. Rejects when the database cannot be
   * reached or `signal` aborts.
   */
  acquire(signal: AbortSignal, onStandby: () => void): Promise<Lease>;
}

export interface Lease {
  /** Grows with every leader; a checkpoint is only written by the newest. */
  readonly epoch: bigint;
  /** Resolves with the reason when the lease's session is gone. Never rejects. */
  readonly lost: Promise<Error>;
  release(): Promise<void>;
}
