import { toJsonString } from "@bufbuild/protobuf";
import { createRoute, z } from "@hono/zod-openapi";
import { type OrderStatus, OrderStatusSchema } from "../../../../gen/orders/v1/order_pb.ts";
import {
  ListOrdersRequestSchema,
  ListOrdersResponseSchema,
} from "../../../../gen/orders/v1/order_service_pb.ts";
import { toListOrdersInput, toOrderMessage } from "../../order-messages.ts";
import { answerHeaders, traceHeaders } from "../openapi/headers.ts";
import { listQuery, orderPage, statusNames } from "../openapi/order-schemas.ts";
import { problemAnswers } from "../openapi/problem-answers.ts";
import { callContext, type OperationOptions, type RestOperation } from "../operation.ts";
import { jsonOptions, orderHeaders } from "../order-response.ts";
import { invalid } from "../problem.ts";
import { validated } from "../read-message.ts";
import { respond } from "../respond.ts";

const route = createRoute({
  method: "get",
  path: "/orders",
  operationId: "listOrders",
  tags: ["Orders"],
  summary: "List orders, the newest first",
  description: "All orders that the caller may see and that pass all filters, page by page.",
  request: { query: listQuery, headers: z.object(traceHeaders) },
  responses: {
    200: {
      description: "A page of orders",
      headers: answerHeaders("Link"),
      content: { "application/json": { schema: orderPage } },
    },
    ...problemAnswers(),
  },
});

export function listOrdersOperation({ useCases }: OperationOptions): RestOperation {
  return {
    name: "ListOrders",
    route,
    async handle(c, caller, query) {
      const { pageSize, status, ...texts } = query;
      const fields = { ...texts, pageSize: readPageSize(pageSize), status: readStatus(status) };
      const request = validated(ListOrdersRequestSchema, fields, (path, detail) => ({
        parameter: path.join("."),
        detail,
      }));
      const page = await useCases.listOrders(toListOrdersInput(request), callContext(c, caller));
      const nextPageToken = page.nextPageToken ?? "";
      const body = toJsonString(
        ListOrdersResponseSchema,
        {
          $typeName: ListOrdersResponseSchema.typeName,
          orders: page.orders.map(toOrderMessage),
          nextPageToken,
        },
        jsonOptions,
      );
      return respond(c, 200, body, {
        ...orderHeaders,
        ...(nextPageToken ? { link: nextLink({ ...query, pageToken: nextPageToken }) } : {}),
      });
    },
  };
}

/** RFC 8288; the same filters, from the end of this page on. */
function nextLink(query: Readonly<Record<string, string>>): string {
  return `</orders?${new URLSearchParams(query)}>; rel="next"`;
}

const MAX_INT32 = 2 ** 31 - 1;

function readPageSize(text: string | undefined): number {
  if (text === undefined) return 0;
  const size = /^(0|[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
  if (size <= MAX_INT32) return size;
  throw invalid([{ parameter: "pageSize", detail: `must be a whole number from 0 to ${MAX_INT32}` }]);
}

/** By the word that the order's own `status` has. */
function readStatus(text: string | undefined): OrderStatus {
  if (text === undefined) return 0;
  const value = OrderStatusSchema.values.find(({ name }) => name === text);
  if (value && statusNames.includes(value.name)) return value.number as OrderStatus;
  throw invalid([{ parameter: "status", detail: `must be one of ${statusNames.join(", ")}` }]);
}
