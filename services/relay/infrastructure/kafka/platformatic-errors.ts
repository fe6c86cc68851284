import {
  MultipleErrors,
  NetworkError,
  ProtocolError,
  TimeoutError,
  UserError,
} from "./platformatic-parts.ts";

/** The errors within an error: a response tells of each partition that failed. */
function parts(error: unknown): unknown[] {
  return error instanceof MultipleErrors ? error.errors.flatMap(parts) : [error];
}

/** Names of Kafka's error codes that the broker has answered with. */
export function errorNames(error: unknown): string[] {
  return parts(error).flatMap((part) => (part instanceof ProtocolError ? [String(part.apiId)] : []));
}

/** May pass by itself, or with other metadata; the same batch can be sent again with the same sequence numbers. */
export function isRetriable(error: unknown): boolean {
  return parts(error).every((part) => {
    if (part instanceof ProtocolError) return part.canRetry === true;
    // A UserError says that the metadata lack the topic.
    return part instanceof NetworkError || part instanceof TimeoutError || part instanceof UserError;
  });
}

/** For people: the message of a response with errors says nothing. */
export function reasonOf(error: unknown): string {
  const reasons = parts(error).map((part) => {
    if (part instanceof ProtocolError) return String(part.serverErrorMessage ?? part.apiId);
    return part instanceof Error ? messageOf(part) : String(part);
  });
  return [...new Set(reasons)].join("; ");
}

function messageOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
