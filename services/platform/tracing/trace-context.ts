/** Where in a trace something was caused, as it goes from process to process (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  readonly traceparent: string;
  /** What the tracing systems on the way want to keep; opaque here. */
  readonly tracestate?: string | undefined;
}

/** Ids of zeros only, and the version ff, stand for nothing (section 3.2.2). */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** As long as section 3.3.1.5 asks everybody to pass it on; a longer one would make each row and record longer. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

type Header = string | null | undefined;

/** The context of the headers `traceparent` and `tracestate`; undefined when the first one is missing or malformed. */
export function readTraceContext(traceparent: Header, tracestate?: Header): TraceContext | undefined {
  if (!traceparent || !TRACEPARENT.test(traceparent)) return undefined;
  return tracestate && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}

/** As headers of whatever is caused next. */
export function traceHeaders(trace: TraceContext | undefined): Record<string, string> {
  if (!trace) return {};
  const { traceparent, tracestate } = trace;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

/** 32 hexadecimal digits. */
export function traceIdOf(trace: TraceContext | undefined): string | undefined {
  return trace?.traceparent.slice(3, 35);
}

/** Whether those before have decided that this trace is to be collected. */
export function isSampled({ traceparent }: TraceContext): boolean {
  return (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;
}
