import { GetOrderRequestSchema } from "../../../../gen/orders/v1/order_service_pb.ts";
import { OrderError } from "../../../domain/order-error.ts";
import { entityTag, isNoneMatchFor, readIfMatch } from "../entity-tag.ts";
import { callContext, type OperationOptions, type RestOperation } from "../operation.ts";
import { orderHeaders, orderResponse } from "../order-response.ts";
import { validated } from "../read-message.ts";
import { respond } from "../respond.ts";

export function getOrderOperation({ useCases }: OperationOptions): RestOperation {
  return {
    name: "GetOrder",
    method: "get",
    path: "/orders/{id}",
    parameters: [],
    async handle(c, caller) {
      const { id } = validated(GetOrderRequestSchema, { id: c.req.param("id") ?? "" }, (_, detail) => ({
        parameter: "id",
        detail,
      }));
      const expected = readIfMatch(c.req.header("if-match"), false);
      const order = await useCases.getOrder(id, callContext(c, caller));
      if (expected !== undefined && expected !== order.version) {
        throw new OrderError("VERSION_MISMATCH", `the order is at version ${order.version}`);
      }
      const etag = entityTag(order.version);
      if (!isNoneMatchFor(c.req.header("if-none-match"), etag)) return orderResponse(c, order, 200);
      const { "content-type": _, ...headers } = orderHeaders;
      return respond(c, 304, null, { ...headers, etag });
    },
  };
}
