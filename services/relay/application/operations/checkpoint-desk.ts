import type { Audit } from "./audit.ts";

export type ResetWay = "adopt" | "republish";

/** What a reset has to do with. */
export interface OutboxStanding {
  readonly events: number;
  /** Of these, by the checkpoint as it is now. */
  readonly unpublished: number;
  readonly deadLetters: number;
}

/** Port: the relay's checkpoint, for people. */
export interface CheckpointDesk {
  standing(): Promise<OutboxStanding>;
  /** `adopt`: all that is committed counts as published; `republish`: all of it is published again. Returns what is left to publish. */
  reset(way: ResetWay, audit: Audit): Promise<number>;
}
