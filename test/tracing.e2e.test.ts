import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OrderService } from "../services/gen/orders/v1/order_service_pb.ts";
import { eventually } from "./support/eventually.ts";
import { readToEnd } from "./support/kafka.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "./support/otlp-receiver.ts";

const order = {
  customerId: "customer-1",
  pickupPointId: "point-7",
  currency: "EUR",
  lines: [{ sku: "book", quantity: "2" }],
};
const callersSpan = "b7ad6b7169203331";
const traceIds = { REST: "0af7651916cd43dd8448eb211c80319c", gRPC: "1af7651916cd43dd8448eb211c80319d" };

describe.each(["cdc", "polling"])("with RELAY_MODE=%s", (mode) => {
  let receiver: OtlpReceiver;
  let system: OrderSystem;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    system = await startOrderSystem({
      variables: { api: traced, relay: { ...traced, RELAY_MODE: mode }, projector: traced },
    });
  });

  afterAll(async () => {
    await system?.stop();
    await receiver?.close();
  });

  const doors = {
    async REST(headers: Record<string, string>) {
      const response = await fetch(`${system.restUrl}/orders`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(order),
      });
      expect(response.status).toBe(201);
      return ((await response.json()) as { id: string }).id;
    },
    async gRPC(headers: Record<string, string>) {
      const client = createClient(OrderService, createGrpcTransport({ baseUrl: system.grpcUrl }));
      const lines = [{ sku: "book", quantity: 2n, unitPriceMinor: 1n }];
      const { order: created } = await client.createOrder({ ...order, lines }, { headers });
      return created?.id as string;
    },
  };

  /** The spans of a trace once all hops have sent theirs, by the name of each hop. */
  async function hops(traceId: string): Promise<Record<string, ReceivedSpan>> {
    return eventually(
      () => {
        const spans = receiver.spans.filter((span) => span.traceId === traceId);
        expect(spans).toHaveLength(5);
        const [process] = spans.filter(({ name }) => name.startsWith("process "));
        const [send] = spans.filter(({ name }) => name.startsWith("send "));
        const [transaction] = spans.filter(({ name }) => name === "create outbox");
        const [effect] = spans.filter(({ name }) => name.startsWith("EVALSHA"));
        const [call] = spans.filter(({ kind, service }) => kind === 2 && service === "orders-api");
        return { call, transaction, send, process, effect } as Record<string, ReceivedSpan>;
      },
      { timeoutMs: 20_000 },
    );
  }

  test.each(["REST", "gRPC"] as const)("one trace goes from the caller by %s over all hops", async (door) => {
    const traceId = traceIds[door];
    const headers = { traceparent: `00-${traceId}-${callersSpan}-01`, tracestate: "vendor=1" };
    const orderId = await doors[door](headers);
    const { call, transaction, send, process, effect } = await hops(traceId);
    expect([call, transaction, send, process, effect].map((span) => [span?.service, span?.parentId])).toEqual(
      [
        ["orders-api", callersSpan],
        ["orders-api", call?.spanId],
        ["outbox-relay", transaction?.spanId],
        ["orders-projector", transaction?.spanId],
        ["orders-projector", process?.spanId],
      ],
    );
    expect(call?.name).toBe(door === "REST" ? "POST /orders" : "orders.v1.OrderService/CreateOrder");
    expect(send?.attributes).toMatchObject({
      "outbox.mode": mode,
      "messaging.kafka.message.key": orderId,
      "messaging.message.id": transaction?.attributes["messaging.message.id"],
    });
    expect(process?.attributes).toMatchObject({ "projector.outcome": "applied" });
    const [record] = (await readToEnd(system.topic)).filter(({ key }) => key === orderId);
    expect(record?.headers).toMatchObject({
      traceparent: `00-${traceId}-${transaction?.spanId}-01`,
      tracestate: "vendor=1",
    });
  });

  test("a trace that nobody began begins at the API, and goes over all hops", async () => {
    const orderId = await doors.REST({});
    const traceId = await eventually(() => {
      const span = receiver.spans.find(
        ({ attributes }) => attributes["messaging.kafka.message.key"] === orderId,
      );
      expect(span).toBeDefined();
      return span?.traceId as string;
    });
    expect((await hops(traceId)).call?.parentId).toBe("");
  });

  test("a trace that its caller does not want collected leaves no span, and goes on to Kafka", async () => {
    const traceId = "2af7651916cd43dd8448eb211c80319e";
    const orderId = await doors.REST({ traceparent: `00-${traceId}-${callersSpan}-00` });
    await eventually(async () => {
      const [record] = (await readToEnd(system.topic)).filter(({ key }) => key === orderId);
      expect(record?.headers.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    });
    // What comes later is sent later.
    const later = "4af7651916cd43dd8448eb211c80319a";
    await doors.REST({ traceparent: `00-${later}-${callersSpan}-01` });
    await hops(later);
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  test("what was not sent yet is sent when a service stops, in order and with exit code 0", async () => {
    const traceId = "3af7651916cd43dd8448eb211c80319f";
    await doors.REST({ traceparent: `00-${traceId}-${callersSpan}-01` });
    expect(await system.processes.api.end("SIGTERM")).toBe(0);
    expect(
      receiver.spans.filter((span) => span.traceId === traceId && span.service === "orders-api"),
    ).toHaveLength(2);
  });
});
