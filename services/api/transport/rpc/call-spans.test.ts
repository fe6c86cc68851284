import { createClient, createRouterTransport } from "@connectrpc/connect";
import { pino } from "pino";
import { expect, test } from "vitest";
import { OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import { recordingTracer } from "../../../platform/testing/recorded-spans.ts";
import type { TraceContext } from "../../../platform/tracing/trace-context.ts";
import { noTracer, type Tracer } from "../../../platform/tracing/tracer.ts";
import { OrderError } from "../../domain/order-error.ts";
import { openGate } from "../gate.ts";
import { traced, traceOf } from "./call-spans.ts";
import { createErrorInterceptor, createObserveInterceptor } from "./interceptors.ts";
import { observed } from "./observed-call.ts";
import { createRequestGate } from "./request-gate.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const headers = { traceparent, tracestate: "vendor=1" };
const log = pino({ level: "silent" });

/** A service that says which trace its calls belong to. */
function serving(tracer: Tracer) {
  const given: (TraceContext | undefined)[] = [];
  const transport = createRouterTransport(
    (router) =>
      router.service(OrderService, {
        getOrder({ id }, { values, requestHeader }) {
          given.push(traceOf(values, requestHeader));
          if (id !== "1") throw id === "0" ? new OrderError("ORDER_NOT_FOUND", "none") : new Error("a fault");
          return { order: { id } };
        },
        async *watchOrder() {
          yield { order: { id: "1" } };
          yield { order: { id: "1" } };
        },
      }),
    {
      router: {
        interceptors: [
          createObserveInterceptor(
            traced(
              tracer,
              observed(() => {}),
            ),
          ),
          createErrorInterceptor(log),
        ],
      },
    },
  );
  return { client: createClient(OrderService, transport), given };
}

test("each call is a span of its caller's trace, and passes its own context on", async () => {
  const tracer = recordingTracer();
  const { client, given } = serving(tracer);
  await client.getOrder({ id: "1" }, { headers });
  const [span] = tracer.spans();
  expect(span).toMatchObject({
    name: "orders.v1.OrderService/GetOrder",
    kind: "SERVER",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    parentId: "b7ad6b7169203331",
    failed: false,
    attributes: { "rpc.method": "orders.v1.OrderService/GetOrder", "rpc.response.status_code": "ok" },
  });
  const own = `00-0af7651916cd43dd8448eb211c80319c-${span?.spanId}-01`;
  expect(given).toEqual([{ traceparent: own, tracestate: "vendor=1" }]);
});

test("a fault of ours fails the span, a refusal does not", async () => {
  const tracer = recordingTracer();
  const { client } = serving(tracer);
  for (const id of ["0", "2"]) await client.getOrder({ id }).catch(() => {});
  expect(tracer.spans()).toMatchObject([
    { failed: false, attributes: { "rpc.response.status_code": "not_found" } },
    { failed: true, attributes: { "rpc.response.status_code": "internal" } },
  ]);
});

test("the span of a stream lasts until its end", async () => {
  const tracer = recordingTracer();
  for await (const _ of serving(tracer).client.watchOrder({ id: "1" })) expect(tracer.spans()).toEqual([]);
  expect(tracer.spans()).toMatchObject([{ name: "orders.v1.OrderService/WatchOrder", failed: false }]);
});

test("while nobody collects traces the caller's goes on as it came", async () => {
  const { client, given } = serving(noTracer);
  await client.getOrder({ id: "1" }, { headers });
  await client.getOrder({ id: "1" });
  expect(given).toEqual([headers, undefined]);
});

test("a call that the gate refuses is a span as well, and one that it lets in is none of its", async () => {
  const tracer = recordingTracer();
  const begin = traced(
    tracer,
    observed(() => {}),
  );
  let gate = openGate;
  const requestGate = createRequestGate({ gate: (...args) => gate(...args), begin, log });
  const transport = createRouterTransport(
    (router) => router.service(OrderService, { getOrder: () => ({}) }),
    { router: { requestGate } },
  );
  const client = createClient(OrderService, transport);
  await client.getOrder({ id: "1" }, { headers });
  expect(tracer.spans()).toEqual([]);
  gate = () => Promise.reject(new OrderError("UNAUTHENTICATED", "there is no token"));
  await client.getOrder({ id: "1" }, { headers }).catch(() => {});
  expect(tracer.spans()).toMatchObject([
    {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      attributes: { "rpc.response.status_code": "unauthenticated" },
    },
  ]);
});
