import type { ConnectRouter } from "@connectrpc/connect";
import { OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import type { OrderUseCases } from "../../application/factories/order-use-cases.ts";
import { toCreateOrderInput, toOrderMessage, validTraceparent } from "../order-messages.ts";

/** orders.v1.OrderService over the same use cases as REST; requests were validated by an interceptor. */
export function orderServiceRoutes(useCases: OrderUseCases): (router: ConnectRouter) => void {
  return (router) => {
    router.service(OrderService, {
      async createOrder(request, context) {
        const traceparent = validTraceparent(context.requestHeader.get("traceparent"));
        const order = await useCases.createOrder(toCreateOrderInput(request), { traceparent });
        return { order: toOrderMessage(order) };
      },
      async getOrder({ id }) {
        return { order: toOrderMessage(await useCases.getOrder(id)) };
      },
    });
  };
}
