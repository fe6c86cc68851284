import type { TraceContext } from "../../platform/tracing/trace-context.ts";
import type { Deadline } from "./ports.ts";

/** What comes with a request beside the request itself. */
export interface CallContext {
  readonly caller: Caller;
  readonly deadline: Deadline;
  /** Of the trace that the call belongs to. */
  readonly trace: TraceContext | undefined;
}

export interface CommandContext extends CallContext {
  /** The same request under the same key is done once; undefined when the caller gave none. */
  readonly idempotencyKey: string | undefined;
}

export interface Caller {
  /** Who it is, for idempotency keys and rate limits. */
  readonly id: string;
  /** A customer sees and changes its own orders only; undefined for those who may see all. */
  readonly customerId: string | undefined;
}
