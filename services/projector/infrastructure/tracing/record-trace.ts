import { ABSENT, findHeaders } from "../../../platform/kafka/record-headers.ts";
import { readTraceContext, type TraceContext } from "../../../platform/tracing/trace-context.ts";

const names = ["traceparent", "tracestate"].map((name) => Buffer.from(name));

/** The trace that a record's headers say that it belongs to. */
export function recordTrace(headers: Buffer): TraceContext | undefined {
  const positions = findHeaders(headers, names);
  const text = (index: number): string | undefined => {
    const start = positions[2 * index] ?? ABSENT;
    return start < 0 ? undefined : headers.toString("latin1", start, positions[2 * index + 1]);
  };
  return readTraceContext(text(0), text(1));
}
