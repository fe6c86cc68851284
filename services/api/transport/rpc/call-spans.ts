import { type ContextValues, createContextKey } from "@connectrpc/connect";
import { readTraceContext, type TraceContext } from "../../../platform/tracing/trace-context.ts";
import type { Tracer } from "../../../platform/tracing/tracer.ts";
import { type BeginCall, methodName, protocolOf } from "./observed-call.ts";

const traceKey = createContextKey<TraceContext | undefined>(undefined, { description: "trace" });

/** The trace that a call belongs to: that of its own span, or its caller's. */
export function traceOf(values: ContextValues, header: Headers): TraceContext | undefined {
  return values.get(traceKey) ?? readTraceContext(header.get("traceparent"), header.get("tracestate"));
}

/** Codes that are the server's fault, as https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ has them. */
const FAULTS = new Set([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);

/** Makes each call a span of its caller's trace, by the names of https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/. */
export function traced(tracer: Tracer, begin: BeginCall): BeginCall {
  if (!tracer.isOn) return begin;
  return (call) => {
    const { method, header, values, startedAt } = call;
    const done = begin(call);
    const name = methodName(method);
    const protocol = protocolOf(header.get("content-type"));
    const span = tracer.startSpan(name, {
      kind: "server",
      parent: readTraceContext(header.get("traceparent"), header.get("tracestate")),
      startTime: Date.now() - (performance.now() - startedAt),
      attributes: {
        "rpc.system.name": protocol === "connect" ? "connectrpc" : "grpc",
        "rpc.method": name,
        "network.protocol.name": protocol,
      },
    });
    values.set(traceKey, span.trace);
    return (code) => {
      span.setAttributes({ "rpc.response.status_code": protocol === "connect" ? code : code.toUpperCase() });
      if (FAULTS.has(code)) span.fail(code);
      span.end();
      done(code);
    };
  };
}
