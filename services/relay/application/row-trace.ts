import { isSampled, readTraceContext, type TraceContext } from "../../platform/tracing/trace-context.ts";

/** As Postgres prints a jsonb object. */
const NAME = '"traceparent": "';
const TRACEPARENT_LENGTH = 55;

/** The trace that an outbox row's headers (a JSON object, as text) say that it belongs to. */
export function rowTrace(headers: string): TraceContext | undefined {
  if (!headers.includes(NAME)) return undefined;
  const { traceparent, tracestate } = JSON.parse(headers) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return readTraceContext(text(traceparent), text(tracestate));
}

/** Whether that trace looks as if it were to be collected; nothing is parsed for it. */
export function looksSampled(headers: string): boolean {
  if (headers === "{}") return false;
  const at = headers.indexOf(NAME);
  if (at === -1) return false;
  const traceparent = headers.slice(at + NAME.length, at + NAME.length + TRACEPARENT_LENGTH);
  return isSampled({ traceparent });
}

/** The trace, when it is to be collected. */
export function sampledTrace(headers: string): TraceContext | undefined {
  if (!looksSampled(headers)) return undefined;
  const trace = rowTrace(headers);
  return trace && isSampled(trace) ? trace : undefined;
}
