import { toJsonString } from "@bufbuild/protobuf";
import { OrderSchema } from "../../../gen/orders/v1/order_pb.ts";
import type { Order } from "../../domain/order.ts";
import { toOrderMessage } from "../order-messages.ts";
import { entityTag } from "./entity-tag.ts";
import { type RestContext, respond } from "./respond.ts";

/** Orders are somebody's own, and may change at any time: a cache asks before it uses what it has. */
export const orderHeaders = {
  "content-type": "application/json",
  "cache-control": "private, no-cache",
  vary: "Accept, Authorization, Origin",
};

/** Zeros and empty texts are shown: who reads JSON does not know the contract's defaults. */
export const jsonOptions = { alwaysEmitImplicit: true };

export function orderResponse(
  c: RestContext,
  order: Order,
  status: 200 | 201,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = toJsonString(OrderSchema, toOrderMessage(order), jsonOptions);
  return respond(c, status, body, { ...orderHeaders, etag: entityTag(order.version), ...headers });
}
