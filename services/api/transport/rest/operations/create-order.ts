import { CreateOrderRequestSchema } from "../../../../gen/orders/v1/order_service_pb.ts";
import { toCreateOrderInput } from "../../order-messages.ts";
import { commandContext, type OperationOptions, type RestOperation } from "../operation.ts";
import { orderResponse } from "../order-response.ts";
import { createBodyReader } from "../read-message.ts";
import { readJsonText } from "../request-body.ts";

const readBody = createBodyReader(CreateOrderRequestSchema, [
  "customerId",
  "pickupPointId",
  "currency",
  "lines",
]);

export function createOrderOperation({ useCases, maxBodyBytes }: OperationOptions): RestOperation {
  return {
    name: "CreateOrder",
    method: "post",
    path: "/orders",
    parameters: [],
    async handle(c, caller) {
      const context = commandContext(c, caller);
      const request = readBody(await readJsonText(c, maxBodyBytes), {});
      const order = await useCases.createOrder(toCreateOrderInput(request), context);
      return orderResponse(c, order, 201, { location: `/orders/${order.id}` });
    },
  };
}
