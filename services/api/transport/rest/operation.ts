import type { RouteConfig } from "@hono/zod-openapi";
import type { CallContext, Caller, CommandContext } from "../../application/call-context.ts";
import type { OrderUseCases } from "../../application/factories/order-use-cases.ts";
import type { Operation } from "../gate.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import type { Query } from "./query.ts";
import { requestDeadline } from "./request-deadline.ts";
import type { RestContext } from "./respond.ts";

/** One operation of the service, at one method and path. */
export interface RestOperation {
  readonly name: Operation;
  /** Where it is, and its part of the OpenAPI document; query parameters that are not in it are refused. */
  readonly route: RouteConfig;
  handle(c: RestContext, caller: Caller, query: Query): Promise<Response>;
}

export interface OperationOptions {
  /** A watch is a stream, which the other door has. */
  readonly useCases: Omit<OrderUseCases, "watchOrder">;
  readonly maxBodyBytes: number;
  /** A transition must say which version it changes. */
  readonly requireIfMatch: boolean;
}

export function callContext(c: RestContext, caller: Caller): CallContext {
  return {
    caller,
    deadline: requestDeadline(c),
    trace: c.get("span")?.trace ?? c.get("callersTrace"),
  };
}

/** @throws Problem INVALID_REQUEST */
export function commandContext(c: RestContext, caller: Caller): CommandContext {
  return { ...callContext(c, caller), idempotencyKey: readIdempotencyKey(c.req.header("idempotency-key")) };
}
