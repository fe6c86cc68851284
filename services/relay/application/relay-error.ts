/** What can go wrong in a relay; all of it is tried again with backoff. */
export type RelayErrorCode =
  | "LEASE_LOST"
  | "STREAM_LOST"
  | "STREAM_SILENT"
  | "PUBLICATION_INCOMPLETE"
  | "SLOT_IN_USE"
  | "SLOT_WRONG"
  | "UNROUTABLE_EVENT";

export class RelayError extends Error {
  readonly code: RelayErrorCode;

  constructor(code: RelayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RelayError";
    this.code = code;
  }
}
