import type { TraceContext } from "./trace-context.ts";

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Port: what is told of the parts of a trace. Nobody but its implementation knows OpenTelemetry; its methods never throw. */
export interface Tracer {
  /** False: nobody collects anything, and nothing need be prepared for it. */
  readonly isOn: boolean;
  startSpan(name: string, options: SpanOptions): Span;
  /** Counts spans that were not even begun, so that a part of a trace that is missing is not taken for one that did not happen. */
  skipped(spans: number): void;
}

export interface SpanOptions {
  readonly kind: "server" | "client" | "producer" | "consumer";
  /** A new trace begins without one. */
  readonly parent: TraceContext | undefined;
  readonly attributes?: Attributes;
  /** ms since 1970; now, unless given. */
  readonly startTime?: number;
}

/** A part of a trace that has begun. */
export interface Span {
  /** What is to be passed on to all that the span causes. While nobody collects anything, the parent's. */
  readonly trace: TraceContext | undefined;
  setAttributes(attributes: Attributes): void;
  addEvent(name: string, attributes?: Attributes, time?: number): void;
  /** `type`: a handful of values (`error.type` of the semantic conventions). */
  fail(type: string): void;
  end(time?: number): void;
}

/** Passes on what it is given. */
export const noTracer: Tracer = {
  isOn: false,
  startSpan: (_name, { parent }) => ({
    trace: parent,
    setAttributes() {},
    addEvent() {},
    fail() {},
    end() {},
  }),
  skipped() {},
};

/** What a span that failed with `error` says of it. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === "string") return code;
  return typeof name === "string" ? name : typeof error;
}
