import type { CommandContext } from "../application/call-context.ts";
import type { Deadline } from "../application/ports.ts";

/** Of a caller that waits as long as it takes. */
export const noDeadline: Deadline = { signal: new AbortController().signal, remainingMs: () => undefined };

/** Of a caller that may see and do everything. */
export const anyCall: CommandContext = {
  caller: { id: "test", customerId: undefined },
  deadline: noDeadline,
  traceparent: undefined,
  idempotencyKey: undefined,
};
