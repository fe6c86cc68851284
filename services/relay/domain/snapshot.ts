/**
 * Postgres' `pg_snapshot` (xmin:xmax:xip,…): which transactions are visible. The only thing that the relay knows of
 * visibility; the same rule as `pg_visible_in_snapshot`.
 */
export interface Snapshot {
  /** All transactions below are visible, or rolled back. */
  readonly xmin: bigint;
  /** No transaction at or above is visible. */
  readonly xmax: bigint;
  /** In progress, so not visible, although between xmin and xmax. */
  readonly inProgress: ReadonlySet<bigint>;
}

/** @throws RangeError when the text is not a pg_snapshot. */
export function parseSnapshot(text: string): Snapshot {
  const match = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/.exec(text);
  if (!match) throw new RangeError(`not a pg_snapshot: ${JSON.stringify(text)}`);
  const [, xmin = "", xmax = "", inProgress = ""] = match;
  return {
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
    inProgress: new Set(inProgress === "" ? [] : inProgress.split(",").map(BigInt)),
  };
}

export function isVisible(snapshot: Snapshot, transactionId: bigint): boolean {
  if (transactionId < snapshot.xmin) return true;
  return transactionId < snapshot.xmax && !snapshot.inProgress.has(transactionId);
}

/**
 * The 64-bit transaction id of which a Begin message carries the lower 32 bits: the one nearest to the snapshot's xmax
 * (ids in use are never more than 2^31 apart).
 */
export function widenTransactionId(snapshot: Snapshot, xid: number): bigint {
  const candidate = (snapshot.xmax & ~0xffff_ffffn) | BigInt(xid);
  // In the first epoch there is none before it: '1:1:' is no snapshot that was taken.
  if (candidate > snapshot.xmax + 0x8000_0000n && candidate > 0xffff_ffffn) return candidate - 0x1_0000_0000n;
  if (candidate + 0x8000_0000n < snapshot.xmax) return candidate + 0x1_0000_0000n;
  return candidate;
}
