import type { ReadingMode } from "./relay-history.ts";

/** `auto`: from the WAL while that can be done, else from the table. The other two stay with one way, whatever happens. */
export type RelayMode = "auto" | ReadingMode;

/** What people want of a relay, as of one change of theirs. */
export interface RelayControl {
  /** Goes up with every change. */
  readonly revision: bigint;
  /** The last revision that a leader has come to act by. */
  readonly followed: bigint | undefined;
  /** It is not to publish. */
  readonly pause: Wish | undefined;
  /** It is to read the outbox in this mode, whatever it is configured for. */
  readonly mode: (Wish & { readonly mode: RelayMode }) | undefined;
}

/** Whose it is, and why. */
export interface Wish {
  readonly by: string;
  readonly reason: string | undefined;
}

export function whoAndWhy({ by, reason }: Wish): string {
  return reason === undefined ? by : `${by}: ${reason}`;
}

/** As long as nobody has wished for anything. */
export const NO_CONTROL: RelayControl = {
  revision: 0n,
  followed: undefined,
  pause: undefined,
  mode: undefined,
};

/** Port: the relay's row in relay_control. */
export interface RelayControls {
  /**
   * Read by a leader that begins, which leaves word of the mode that it is configured for.
   * @throws RelayError MIGRATION_MISSING when the database does not know of controls yet.
   */
  begin(configured: RelayMode): Promise<RelayControl>;
  /** @throws RelayError MIGRATION_MISSING */
  read(): Promise<RelayControl>;
  /** The leader of this epoch acts by the revision from now on; without effect when another has taken over. */
  noteFollowed(revision: bigint, epoch: bigint): Promise<void>;
}
