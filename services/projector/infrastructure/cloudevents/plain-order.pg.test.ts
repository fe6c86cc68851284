import { create, toJsonString } from "@bufbuild/protobuf";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { testServers } from "../../../../test/support/servers.ts";
import { OrderCreatedSchema } from "../../../gen/orders/v1/order_events_pb.ts";
import { OrderStatus } from "../../../gen/orders/v1/order_pb.ts";
import { jsonbText } from "../../testing/jsonb-text.ts";
import { plainOrder } from "./plain-order.ts";

const time = { seconds: 1_795_507_200n, nanos: 123_456_000 };
const order = {
  id: "0198c0de-0000-7000-8000-00000000000a",
  customerId: "заказчик 1",
  pickupPointId: "point-1",
  currency: "EUR",
  lines: [
    { sku: "sku-1", quantity: 2n, unitPriceMinor: 1_000n },
    { sku: "gift", quantity: 1n, unitPriceMinor: 0n },
  ],
  totalMinor: 2_000n,
  status: OrderStatus.CANCELLED,
  version: 17n,
  reason: "none in stock",
  createdAt: time,
  readyAt: time,
  issuedAt: time,
  returnedAt: time,
  cancelledAt: time,
};

async function asPostgresPrints(json: string): Promise<string> {
  const client = new pg.Client(testServers().databaseUrl);
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query("select $1::jsonb::text as printed", [json]);
  return rows[0].printed;
}

test("an event with every field of the contract, printed by Postgres, is passed on as it is written", async () => {
  const json = toJsonString(OrderCreatedSchema, create(OrderCreatedSchema, { order } as never));
  const event = await asPostgresPrints(json);
  expect(event).toBe(jsonbText(JSON.parse(json)));
  expect(plainOrder(event)).toEqual({
    orderId: order.id,
    version: 17n,
    status: "cancelled",
    json: event.slice('{"order": '.length, -1),
  });
});
