import { createRoute, z } from "@hono/zod-openapi";
import { GetOrderRequestSchema } from "../../../../gen/orders/v1/order_service_pb.ts";
import { requireVersion } from "../../../application/change-order.ts";
import { entityTag, isNoneMatchFor, readIfMatch } from "../entity-tag.ts";
import { answerHeaders, ifMatch, ifNoneMatch, traceHeaders } from "../openapi/headers.ts";
import { order, orderPath } from "../openapi/order-schemas.ts";
import { problemAnswers } from "../openapi/problem-answers.ts";
import { callContext, type OperationOptions, type RestOperation } from "../operation.ts";
import { orderHeaders, orderResponse } from "../order-response.ts";
import { validated } from "../read-message.ts";
import { respond } from "../respond.ts";

const route = createRoute({
  method: "get",
  path: "/orders/{id}",
  operationId: "getOrder",
  tags: ["Orders"],
  summary: "Read an order",
  request: {
    params: orderPath,
    headers: z.object({ "If-None-Match": ifNoneMatch, "If-Match": ifMatch, ...traceHeaders }),
  },
  responses: {
    200: {
      description: "The order",
      headers: answerHeaders("ETag"),
      content: { "application/json": { schema: order } },
    },
    304: { description: "The caller has the order as it is", headers: answerHeaders("ETag") },
    ...problemAnswers("ORDER_NOT_FOUND", "VERSION_MISMATCH"),
  },
});

export function getOrderOperation({ useCases }: OperationOptions): RestOperation {
  return {
    name: "GetOrder",
    route,
    async handle(c, caller) {
      const { id } = validated(GetOrderRequestSchema, { id: c.req.param("id") ?? "" }, (_, detail) => ({
        parameter: "id",
        detail,
      }));
      const expected = readIfMatch(c.req.header("if-match"), false);
      const found = await useCases.getOrder(id, callContext(c, caller));
      if (expected) requireVersion(found, expected);
      const etag = entityTag(found.version);
      if (!isNoneMatchFor(c.req.header("if-none-match"), etag)) return orderResponse(c, found, 200);
      const { "content-type": _, ...headers } = orderHeaders;
      return respond(c, 304, null, { ...headers, etag });
    },
  };
}
