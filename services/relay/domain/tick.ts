/**
 * A heartbeat that travelled through the WAL: all that is visible in `snapshot` came before it in the stream. (The snapshot is
 * taken inside the tick's transaction, and a commit record is in the WAL before its transaction becomes visible.)
 */
export interface Tick {
  /** Never used twice. */
  readonly id: string;
  /** Text form of the pg_snapshot. */
  readonly snapshot: string;
}
