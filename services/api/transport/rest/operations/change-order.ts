import {
  CancelOrderRequestSchema,
  IssueOrderRequestSchema,
  MarkOrderReadyRequestSchema,
  ReturnOrderRequestSchema,
} from "../../../../gen/orders/v1/order_service_pb.ts";
import type { TransitionType } from "../../../domain/order.ts";
import { toChangeOrderInput } from "../../order-messages.ts";
import { readIfMatch } from "../entity-tag.ts";
import { commandContext, type OperationOptions, type RestOperation } from "../operation.ts";
import { orderResponse } from "../order-response.ts";
import { createBodyReader } from "../read-message.ts";
import { readJsonText } from "../request-body.ts";

/** Each transition is a resource of the order that is posted to: what may be done is no state that a client sets. */
const transitions = {
  MarkOrderReady: { path: "/orders/{id}/ready", readBody: createBodyReader(MarkOrderReadyRequestSchema, []) },
  IssueOrder: { path: "/orders/{id}/issue", readBody: createBodyReader(IssueOrderRequestSchema, []) },
  ReturnOrder: {
    path: "/orders/{id}/return",
    readBody: createBodyReader(ReturnOrderRequestSchema, ["reason"]),
  },
  CancelOrder: {
    path: "/orders/{id}/cancel",
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
  const { path, readBody } = transitions[type];
  return {
    name: type,
    method: "post",
    path,
    parameters: [],
    async handle(c, caller) {
      const context = commandContext(c, caller);
      const expectedVersion = readIfMatch(c.req.header("if-match"), requireIfMatch);
      const body = (await readJsonText(c, maxBodyBytes)) || "{}";
      const request = readBody(body, { id: c.req.param("id") ?? "" });
      const order = await useCases.changeOrder(
        toChangeOrderInput(type, { ...request, expectedVersion }),
        context,
      );
      return orderResponse(c, order, 200, { "content-location": `/orders/${order.id}` });
    },
  };
}
