/** What can go wrong in a relay; all of it is tried again with backoff. */
export type RelayErrorCode =
  | "LEASE_LOST"
  | "MIGRATION_MISSING"
  | "COLUMN_MISSING"
  | "DATABASE_CHANGED"
  | "STREAM_LOST"
  | "STREAM_SILENT"
  | "WAL_LEVEL"
  | "NO_REPLICATION_RIGHT"
  | "NO_SLOT_LEFT"
  | "NO_WALSENDER_LEFT"
  | "PUBLICATION_INCOMPLETE"
  | "SLOT_IN_USE"
  | "SLOT_NOT_MADE"
  | "SLOT_WRONG"
  | "RECORD_REFUSED"
  | "TOPIC_MISSING";

export class RelayError extends Error {
  readonly code: RelayErrorCode;

  constructor(code: RelayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RelayError";
    this.code = code;
  }
}

/**
 * Why the WAL cannot be read, where trying again at once is of no use: something has to be set, given, made or come back to
 * life first.
 */
export const lastingFaults = [
  "STREAM_SILENT",
  "WAL_LEVEL",
  "NO_REPLICATION_RIGHT",
  "NO_SLOT_LEFT",
  "NO_WALSENDER_LEFT",
  "PUBLICATION_INCOMPLETE",
  "SLOT_IN_USE",
  "SLOT_NOT_MADE",
  "SLOT_WRONG",
] as const satisfies readonly RelayErrorCode[];
const LASTING: ReadonlySet<RelayErrorCode> = new Set(lastingFaults);

export function hasCode(error: unknown, code: RelayErrorCode): boolean {
  return error instanceof RelayError && error.code === code;
}

/** The WAL cannot be read, and will not be in the next seconds. */
export function isLasting(error: unknown): boolean {
  return error instanceof RelayError && LASTING.has(error.code);
}
