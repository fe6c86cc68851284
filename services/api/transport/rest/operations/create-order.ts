import { createRoute, z } from "@hono/zod-openapi";
import { CreateOrderRequestSchema } from "../../../../gen/orders/v1/order_service_pb.ts";
import { toCreateOrderInput } from "../../order-messages.ts";
import { answerHeaders, idempotencyKey, traceHeaders } from "../openapi/headers.ts";
import { newOrder, order } from "../openapi/order-schemas.ts";
import { bodyProblems, idempotencyProblems, problemAnswers } from "../openapi/problem-answers.ts";
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

const route = createRoute({
  method: "post",
  path: "/orders",
  operationId: "createOrder",
  tags: ["Orders"],
  summary: "Create an order",
  description: "The order and its event OrderCreated are committed together.",
  request: {
    headers: z.object({ "Idempotency-Key": idempotencyKey, ...traceHeaders }),
    body: { required: true, content: { "application/json": { schema: newOrder } } },
  },
  responses: {
    201: {
      description: "The order was created",
      headers: answerHeaders("ETag", "Location"),
      content: { "application/json": { schema: order } },
    },
    ...problemAnswers(...bodyProblems, ...idempotencyProblems),
  },
});

export function createOrderOperation({ useCases, maxBodyBytes }: OperationOptions): RestOperation {
  return {
    name: "CreateOrder",
    route,
    async handle(c, caller) {
      const context = commandContext(c, caller);
      const request = readBody(await readJsonText(c, maxBodyBytes), {});
      const created = await useCases.createOrder(toCreateOrderInput(request), context);
      return orderResponse(c, created, 201, { location: `/orders/${created.id}` });
    },
  };
}
