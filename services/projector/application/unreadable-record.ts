/** Why a record cannot be understood; also the values of a metric's label and of the header `dlq_error_class`. */
export const unreadableReasons = [
  "null_value",
  "invalid_attribute",
  "unknown_type",
  "invalid_json",
  "invalid_message",
  "key_mismatch",
  "version_mismatch",
] as const;

export type UnreadableReason = (typeof unreadableReasons)[number];

/** The record will never be understood, however often it is read. The message may quote the record: it is not for logs. */
export class UnreadableRecord extends Error {
  readonly reason: UnreadableReason;

  constructor(reason: UnreadableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnreadableRecord";
    this.reason = reason;
  }
}
