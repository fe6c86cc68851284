/**
 * The versions that this process has committed of late: no cached answer may be older. What is forgotten was committed longer ago than an
 * entry of the cache lives, or more than `max` commits ago; then there is still the cache's own entry, which was written at the commit.
 */
export interface CommittedVersions {
  note(id: string, version: bigint): void;
  /** 0 when none is known. */
  of(id: string): bigint;
}

export function createCommittedVersions(options: {
  readonly max: number;
  readonly keptMs: number;
  /** Monotonic, in ms. */
  readonly now: () => number;
}): CommittedVersions {
  const { max, keptMs, now } = options;
  /** In the order of their last commit. */
  const versions = new Map<string, { version: bigint; at: number }>();

  function forget(): void {
    for (const [id, { at }] of versions) {
      if (versions.size <= max && now() - at <= keptMs) return;
      versions.delete(id);
    }
  }

  return {
    note(id, version) {
      // Two commits of one order may come to be noted in the other order.
      const known = versions.get(id)?.version ?? 0n;
      versions.delete(id);
      versions.set(id, { version: version > known ? version : known, at: now() });
      forget();
    },
    of: (id) => versions.get(id)?.version ?? 0n,
  };
}
