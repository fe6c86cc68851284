import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Caller } from "../../application/call-context.ts";
import { challengeOf } from "../challenge.ts";
import type { Gate, Operation } from "../gate.ts";
import { toConnectError } from "./connect-errors.ts";
import { type BeginCall, codeOf } from "./observed-call.ts";

const operationOf: Readonly<Record<keyof typeof OrderService.method, Operation>> = {
  createOrder: "CreateOrder",
  getOrder: "GetOrder",
  listOrders: "ListOrders",
  watchOrder: "WatchOrder",
  markOrderReady: "MarkOrderReady",
  issueOrder: "IssueOrder",
  returnOrder: "ReturnOrder",
  cancelOrder: "CancelOrder",
};

const callerKey = createContextKey<Caller | undefined>(undefined, { description: "caller" });

/** Who the request gate has let in. */
export function callerOf({ values, method }: Pick<HandlerContext, "values" | "method">): Caller {
  const caller = values.get(callerKey);
  if (caller === undefined) throw new Error(`${method.name} was called without its gate`);
  return caller;
}

export interface RequestGateOptions {
  readonly gate: Gate;
  readonly begin: BeginCall;
  readonly log: Logger;
}

/**
 * Connect's `requestGate`: runs before the body of a call is read. Interceptors never see what it refuses, so it does their part. Health
 * and reflection are not about orders, and open to everybody.
 */
export function createRequestGate(options: RequestGateOptions): (context: HandlerContext) => Promise<void> {
  const { gate, begin, log } = options;
  return async (context) => {
    const { service, method, requestHeader: header, signal, values } = context;
    if (service.typeName !== OrderService.typeName) return;
    const startedAt = performance.now();
    const authorization = header.get("authorization") ?? undefined;
    try {
      const operation = operationOf[method.localName as keyof typeof operationOf];
      values.set(callerKey, await gate(operation, { authorization }));
    } catch (error) {
      const done = begin({ method, header, values, startedAt });
      const told = toConnectError(error, { method, header, signal, contextValues: values }, log);
      const challenge = challengeOf(error);
      if (challenge !== undefined) told.metadata.set("www-authenticate", challenge);
      done(codeOf(told));
      throw told;
    }
  };
}
