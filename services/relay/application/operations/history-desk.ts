export interface HistoryLine {
  readonly at: Date;
  readonly epoch: string | undefined;
  readonly leader: string | undefined;
  readonly fromMode: string | undefined;
  readonly toMode: string | undefined;
  readonly reason: string;
  /** Of what a person did: user@host, and the command with what was given. */
  readonly who: string | undefined;
  readonly command: string | undefined;
  readonly arguments: Readonly<Record<string, unknown>> | undefined;
}

/** Port: what happened to the relay, and what people did to it. */
export interface HistoryDesk {
  /** The newest first. */
  recent(limit: number): Promise<HistoryLine[]>;
}
