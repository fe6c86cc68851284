/** A person's deed, for the history: it is written in the transaction of the change that it speaks of. */
export interface Audit {
  /** user@host */
  readonly who: string;
  /** As it is typed: `slot drop`. */
  readonly command: string;
  /** What was given with it, and what it came to. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** A sentence for people. */
  readonly text: string;
}
