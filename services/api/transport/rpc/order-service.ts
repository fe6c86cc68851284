import type { ConnectRouter, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import type { CommandContext } from "../../application/call-context.ts";
import type { OrderUseCases } from "../../application/factories/order-use-cases.ts";
import type { TransitionType } from "../../domain/order.ts";
import {
  toChangeOrderInput,
  toCreateOrderInput,
  toListOrdersInput,
  toOrderMessage,
  toWatchOrderResponse,
} from "../order-messages.ts";
import { traceOf } from "./call-spans.ts";
import { callerOf } from "./request-gate.ts";

/** Longest deadline of a watch: a caller need not know how long this server lets a watch last, which ends it earlier. */
const LONGEST_WATCH_MS = 86_400_000;

/** orders.v1.OrderService over the same use cases as REST; requests were let in by the gate, and validated by an interceptor. */
export function orderServiceRoutes(useCases: OrderUseCases): (router: ConnectRouter) => void {
  const change = (type: TransitionType) => async (request: ChangeRequest, context: HandlerContext) => {
    const input = toChangeOrderInput(type, request);
    return { order: toOrderMessage(await useCases.changeOrder(input, contextOf(context, request))) };
  };

  return (router) => {
    router.service(OrderService, {
      async createOrder(request, context) {
        const input = toCreateOrderInput(request);
        return { order: toOrderMessage(await useCases.createOrder(input, contextOf(context, request))) };
      },
      async getOrder({ id }, context) {
        return { order: toOrderMessage(await useCases.getOrder(id, contextOf(context))) };
      },
      async listOrders(request, context) {
        const page = await useCases.listOrders(toListOrdersInput(request), contextOf(context));
        return { orders: page.orders.map(toOrderMessage), nextPageToken: page.nextPageToken ?? "" };
      },
      markOrderReady: change("MarkOrderReady"),
      issueOrder: change("IssueOrder"),
      returnOrder: change("ReturnOrder"),
      cancelOrder: change("CancelOrder"),
    });
    const watchOrder: ServiceImpl<typeof OrderService>["watchOrder"] = async function* (request, context) {
      for await (const version of useCases.watchOrder(request, contextOf(context))) {
        yield toWatchOrderResponse(version);
      }
    };
    router.rpc(OrderService.method.watchOrder, watchOrder, { maxTimeoutMs: LONGEST_WATCH_MS });
  };
}

interface ChangeRequest {
  readonly id: string;
  readonly expectedVersion?: bigint | undefined;
  readonly reason?: string;
  readonly requestId: string;
}

function contextOf(context: HandlerContext, { requestId = "" }: { requestId?: string } = {}): CommandContext {
  return {
    caller: callerOf(context),
    deadline: { signal: context.signal, remainingMs: () => context.timeoutMs() },
    trace: traceOf(context.values, context.requestHeader),
    idempotencyKey: requestId || undefined,
  };
}
