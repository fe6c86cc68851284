/** How it stands with what was committed when a drain was asked for. */
export interface DrainStanding {
  /** Events that the checkpoint does not cover yet. */
  readonly left: number;
  /** There may be more: they were counted up to a limit. */
  readonly isAtLeast: boolean;
  /** Dead letters of the relay, and events behind them: they are not published, and do not count as left. */
  readonly deadLetters: number;
  readonly isLed: boolean;
  readonly isPaused: boolean;
}

/** Port: what is left to publish, for people. */
export interface DrainDesk {
  /** A snapshot that sees all that is committed now. */
  begin(): Promise<string>;
  standing(snapshot: string): Promise<DrainStanding>;
}
