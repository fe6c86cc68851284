import { createRoute, z } from "@hono/zod-openapi";
import {
  CancelOrderRequestSchema,
  IssueOrderRequestSchema,
  MarkOrderReadyRequestSchema,
  ReturnOrderRequestSchema,
} from "../../../../gen/orders/v1/order_service_pb.ts";
import type { TransitionType } from "../../../domain/order.ts";
import { toChangeOrderInput } from "../../order-messages.ts";
import { readIfMatch } from "../entity-tag.ts";
import { answerHeaders, idempotencyKey, ifMatch, traceHeaders } from "../openapi/headers.ts";
import { order, orderPath, reason } from "../openapi/order-schemas.ts";
import { bodyProblems, idempotencyProblems, problemAnswers } from "../openapi/problem-answers.ts";
import { commandContext, type OperationOptions, type RestOperation } from "../operation.ts";
import { orderResponse } from "../order-response.ts";
import { createBodyReader } from "../read-message.ts";
import { readJsonText } from "../request-body.ts";

/** Each transition is a resource of the order that is posted to: what may be done is no state that a client sets. */
const transitions = {
  MarkOrderReady: {
    word: "ready",
    summary: "Say that a created order is at its pick-up point",
    readBody: createBodyReader(MarkOrderReadyRequestSchema, []),
  },
  IssueOrder: {
    word: "issue",
    summary: "Hand a ready order to its customer",
    readBody: createBodyReader(IssueOrderRequestSchema, []),
  },
  ReturnOrder: {
    word: "return",
    summary: "Send a ready order back that nobody collected",
    readBody: createBodyReader(ReturnOrderRequestSchema, ["reason"]),
  },
  CancelOrder: {
    word: "cancel",
    summary: "Give up a created or ready order",
    readBody: createBodyReader(CancelOrderRequestSchema, ["reason"]),
  },
} as const satisfies Record<TransitionType, unknown>;

export function changeOrderOperations(options: OperationOptions): RestOperation[] {
  return (Object.keys(transitions) as TransitionType[]).map((type) => changeOrderOperation(type, options));
}

function changeOrderOperation(
  type: TransitionType,
  { useCases, maxBodyBytes, requireIfMatch }: OperationOptions,
): RestOperation {
  const { readBody } = transitions[type];
  return {
    name: type,
    route: routeOf(type),
    async handle(c, caller) {
      const context = commandContext(c, caller);
      const expectedVersions = readIfMatch(c.req.header("if-match"), requireIfMatch);
      const body = (await readJsonText(c, maxBodyBytes)) || "{}";
      const request = readBody(body, { id: c.req.param("id") ?? "" });
      const changed = await useCases.changeOrder(
        { ...toChangeOrderInput(type, request), expectedVersions },
        context,
      );
      return orderResponse(c, changed, 200, { "content-location": `/orders/${changed.id}` });
    },
  };
}

function routeOf(type: TransitionType) {
  const { word, summary } = transitions[type];
  const hasReason = type === "ReturnOrder" || type === "CancelOrder";
  return createRoute({
    method: "post",
    path: `/orders/{id}/${word}`,
    operationId: `${word}Order`,
    tags: ["Orders"],
    summary,
    description: "The change and its event are committed together.",
    request: {
      params: orderPath,
      headers: z.object({ "Idempotency-Key": idempotencyKey, "If-Match": ifMatch, ...traceHeaders }),
      ...(hasReason ? { body: { content: { "application/json": { schema: reason } } } } : {}),
    },
    responses: {
      200: {
        description: "The order after the change",
        headers: answerHeaders("ETag", "Content-Location"),
        content: { "application/json": { schema: order } },
      },
      ...problemAnswers(
        ...bodyProblems,
        ...idempotencyProblems,
        "ORDER_NOT_FOUND",
        "TRANSITION_NOT_ALLOWED",
        "VERSION_MISMATCH",
        "PRECONDITION_REQUIRED",
      ),
    },
  });
}
