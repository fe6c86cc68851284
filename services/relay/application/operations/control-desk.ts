import type { RelayMode } from "../relay-control.ts";
import type { ReadingMode } from "../relay-history.ts";
import type { Audit } from "./audit.ts";

/** What people want of the relay, and what it does. */
export interface ControlStanding {
  readonly pause: DatedWish | undefined;
  readonly override: (DatedWish & { readonly mode: RelayMode }) | undefined;
  /** RELAY_MODE of the leader that began last; undefined when none has told. */
  readonly configured: RelayMode | undefined;
  /** How the outbox was read last. */
  readonly actual: ReadingMode | undefined;
  /** A relay holds the lease. */
  readonly isLed: boolean;
  /** The leader acts by what people want now. */
  readonly isFollowed: boolean;
}

export interface DatedWish {
  readonly by: string;
  readonly at: Date;
  readonly reason: string | undefined;
}

/** Port: the relay's row in relay_control, for people. Each change is false when it was so already: nothing is changed then. */
export interface ControlDesk {
  standing(): Promise<ControlStanding>;
  setPaused(paused: boolean, reason: string | undefined, audit: Audit): Promise<boolean>;
  /** Undefined: as configured. */
  setMode(mode: RelayMode | undefined, reason: string | undefined, audit: Audit): Promise<boolean>;
}
