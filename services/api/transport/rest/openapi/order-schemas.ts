import { z } from "@hono/zod-openapi";
import { OrderLineSchema, OrderSchema, OrderStatusSchema } from "../../../../gen/orders/v1/order_pb.ts";
import {
  CancelOrderRequestSchema,
  CreateOrderRequestSchema,
  GetOrderRequestSchema,
  ListOrdersRequestSchema,
} from "../../../../gen/orders/v1/order_service_pb.ts";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../../../application/list-orders.ts";
import { answerFields, requestFields } from "./contract-schema.ts";

/** What orders look like in requests and answers. The limits come from the contract; here is what the fields mean. */

const id = { description: "UUID of the order", example: "0198c0de-0000-7000-8000-000000000001" };
const customerId = {
  description: "Who orders: an identifier of the caller's customer system",
  example: "customer-1",
};
const pickupPointId = { description: "Where the order is to be collected", example: "point-7" };
const currency = { description: "ISO 4217 code of all prices", example: "EUR" };
const sku = { description: "Stock keeping unit", example: "book" };
const quantity = { description: "How many pieces", example: "2" };
const unitPriceMinor = {
  description: "Price of one piece in minor units of the currency; 0 when it is left out",
  example: "1990",
};
const int64 =
  "An int64: digits in a string, since many JSON readers round what is above 2^53. A number is taken as well while it is exact.";

const newLine = z
  .strictObject(requestFields(OrderLineSchema, { sku, quantity, unitPriceMinor }))
  .openapi("NewLine", {
    description: `One line of a new order. ${int64}`,
  });

export const newOrder = z
  .strictObject(
    requestFields(
      CreateOrderRequestSchema,
      { customerId, pickupPointId, currency, lines: { description: "What is ordered" } },
      { OrderLine: newLine },
    ),
  )
  .openapi("NewOrder", {
    description: "An order to be created. The sum of quantity × unitPriceMinor must fit into an int64.",
  });

export const reason = z
  .strictObject(
    requestFields(CancelOrderRequestSchema, {
      reason: { description: "Why, in the words of who does it", example: "Does not fit" },
    }),
  )
  .openapi("Reason", { description: "Why an order is returned or cancelled" });

/** Where an order can stand, by the words of the contract. */
export const statusNames = OrderStatusSchema.values
  .filter(({ number }) => number !== 0)
  .map(({ name }) => name);
const status = z.enum(statusNames as [string, ...string[]]).openapi("OrderStatus", {
  description:
    "Where an order stands: created, then ready, then issued or returned; or cancelled while it was created or ready",
});

const line = z
  .object(answerFields(OrderLineSchema, { sku, quantity, unitPriceMinor }))
  .openapi("Line", { description: "One line of an order" });

const createdAt = { description: "When it was created", example: "2026-03-01T12:00:00.123Z" };
const timeOf = (change: string) =>
  ({
    description: `When it ${change}; absent if that never came`,
    example: "2026-03-02T12:00:00.123Z",
    mayBeAbsent: true,
  }) as const;

export const order = z
  .object(
    answerFields(
      OrderSchema,
      {
        id,
        customerId,
        pickupPointId,
        currency,
        lines: { description: "What was ordered" },
        totalMinor: {
          description: "Sum of quantity × unitPriceMinor, in minor units of the currency",
          example: "3980",
        },
        status: {},
        version: { description: "Grows by one with every change; also the ETag", example: "1" },
        createdAt,
        readyAt: timeOf("could be collected"),
        issuedAt: timeOf("was collected"),
        returnedAt: timeOf("went back, not collected"),
        cancelledAt: timeOf("was cancelled"),
        reason: { description: "Why it was returned or cancelled; empty if nobody said", example: "" },
      },
      { OrderLine: line, OrderStatus: status },
    ),
  )
  .openapi("Order", { description: "An order as it is stored" });

export const orderPage = z
  .object({
    orders: z.array(order).openapi({ description: "The newest first" }),
    nextPageToken: z
      .string()
      .openapi({ description: "Asks for the next page as pageToken; empty when this is the last one" }),
  })
  .openapi("OrderPage", { description: "A page of orders" });

export const orderPath = z.object(requestFields(GetOrderRequestSchema, { id }));

export const listQuery = z.object(
  requestFields(
    ListOrdersRequestSchema,
    {
      pageSize: {
        description: `Most orders in the page; 0 is ${DEFAULT_PAGE_SIZE}, more than ${MAX_PAGE_SIZE} is ${MAX_PAGE_SIZE}`,
        example: DEFAULT_PAGE_SIZE,
      },
      pageToken: { description: "The nextPageToken of the page before, asked for with the same filters" },
      customerId: { description: "Only orders of this customer; empty for all" },
      pickupPointId: { description: "Only orders for this pick-up point; empty for all" },
      status: {},
    },
    { OrderStatus: status },
  ),
);
