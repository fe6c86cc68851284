import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { OrderService } from "../../gen/orders/v1/order_service_pb.ts";

export type OrdersClient = Client<typeof OrderService>;

/** Of the service that serves this page. `token` is asked at each call; "" sends none. */
export function createOrdersClient(token: () => string): OrdersClient {
  const transport = createConnectTransport({
    baseUrl: location.origin,
    useHttpGet: true,
    interceptors: [
      (next) => (request) => {
        if (token()) request.header.set("authorization", `Bearer ${token()}`);
        return next(request);
      },
    ],
  });
  return createClient(OrderService, transport);
}
