import type { Message } from "@bufbuild/protobuf";
import { createRegistry, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { createValidateInterceptor } from "@connectrpc/validate";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { ViolationsSchema } from "../../../gen/buf/validate/validate_pb.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../../../gen/google/rpc/error_details_pb.ts";
import { OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import { OrderError, orderErrorCodes } from "../../domain/order-error.ts";
import { errorTable } from "../error-table.ts";
import { createErrorInterceptor, createObserveInterceptor } from "./interceptors.ts";
import { type ObservedCall, observed as observing } from "./observed-call.ts";

const registry = createRegistry(
  ErrorInfoSchema,
  BadRequestSchema,
  RetryInfoSchema,
  RequestInfoSchema,
  ViolationsSchema,
);
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const traceId = "0af7651916cd43dd8448eb211c80319c";

/** A service whose every call fails in this way, with the interceptors of ours. */
function failingWith(error: unknown) {
  const lines: Record<string, unknown>[] = [];
  const observed: ObservedCall[] = [];
  const log = pino({ level: "error" }, { write: (line) => void lines.push(JSON.parse(line)) });
  const transport = createRouterTransport(
    (router) => {
      router.service(OrderService, {
        createOrder: () => Promise.reject(error),
        async *watchOrder() {
          yield { order: { id: "1" } };
          throw error;
        },
      });
    },
    {
      router: {
        interceptors: [
          createObserveInterceptor(observing((call) => observed.push(call))),
          createErrorInterceptor(log),
          createValidateInterceptor(),
        ],
      },
    },
  );
  return { client: createClient(OrderService, transport), lines, observed };
}

const valid = {
  customerId: "c",
  pickupPointId: "p",
  currency: "EUR",
  lines: [{ sku: "s", quantity: 1n }],
};

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError)) throw new Error(`no failure but ${error}`);
  return error;
}

const detailsOf = (error: ConnectError) =>
  error
    .findDetails(registry)
    .map((detail: Message) => [
      detail.$typeName,
      toJson(registry.getMessage(detail.$typeName) as typeof ErrorInfoSchema, detail as never),
    ]);

test.each(orderErrorCodes)("%s has its row's code and is the reason in ErrorInfo", async (code) => {
  const { client, lines } = failingWith(new OrderError(code, "told"));
  const error = await failureOf(client.createOrder(valid));
  expect([error.code, error.rawMessage]).toEqual([errorTable[code].connectCode, "told"]);
  expect(detailsOf(error)).toEqual([["google.rpc.ErrorInfo", { reason: code, domain: "orders" }]]);
  expect(lines).toEqual([]);
});

test("the fields of a refusal are named by the contract's own paths, and so in the message", async () => {
  const violations = [
    { path: ["lines", 1, "unitPriceMinor"], problem: "too much" },
    { path: ["customerId"], problem: "another's" },
  ];
  const { client } = failingWith(new OrderError("INVALID_REQUEST", "wrong", violations));
  const error = await failureOf(client.createOrder(valid));
  expect(error.rawMessage).toBe("wrong; lines[1].unit_price_minor: too much; customer_id: another's");
  expect(detailsOf(error)[1]).toEqual([
    "google.rpc.BadRequest",
    {
      fieldViolations: [
        { field: "lines[1].unit_price_minor", description: "too much" },
        { field: "customer_id", description: "another's" },
      ],
    },
  ]);
});

test("what the contract's rules refuse tells each field twice: as google.rpc and as buf.validate", async () => {
  const { client } = failingWith(new Error("never called"));
  const error = await failureOf(client.createOrder({ ...valid, lines: [{ sku: "", quantity: 0n }] }));
  expect(error.code).toBe(Code.InvalidArgument);
  const details = Object.fromEntries(detailsOf(error));
  expect(details["google.rpc.ErrorInfo"]).toEqual({ reason: "INVALID_REQUEST", domain: "orders" });
  expect(details["google.rpc.BadRequest"]).toMatchObject({
    fieldViolations: [{ field: "lines[0].sku" }, { field: "lines[0].quantity" }],
  });
  expect(details["buf.validate.Violations"]).toMatchObject({
    violations: [{ ruleId: "string.min_len" }, { ruleId: "int64.gt" }],
  });
});

test("when to try again and the caller's own trace id are told", async () => {
  const refusal = new OrderError("OVERLOADED", "later", [], { retryAfterMs: 1_500 });
  const { client } = failingWith(refusal);
  const error = await failureOf(client.createOrder(valid, { headers: { traceparent } }));
  expect(detailsOf(error).slice(1)).toEqual([
    ["google.rpc.RetryInfo", { retryDelay: "1.500s" }],
    ["google.rpc.RequestInfo", { requestId: traceId }],
  ]);
});

describe("what nobody foresaw", () => {
  test("tells nothing of itself but the trace id, under which the log has all", async () => {
    const { client, lines } = failingWith(new TypeError("a secret"));
    const error = await failureOf(client.createOrder(valid, { headers: { traceparent } }));
    expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
    expect(detailsOf(error)).toEqual([["google.rpc.RequestInfo", { requestId: traceId }]]);
    expect(lines).toMatchObject([
      { msg: "call failed", method: "CreateOrder", trace_id: traceId, err: { message: "a secret" } },
    ]);
  });

  test("is the same in the middle of a stream", async () => {
    const { client, lines, observed } = failingWith(new TypeError("a secret"));
    const seen: unknown[] = [];
    const all = async () => {
      for await (const { order } of client.watchOrder({ id: "01890a5d-ac96-774b-bcce-b302099a8057" }))
        seen.push(order?.id);
    };
    const error = await failureOf(all());
    expect([error.code, error.rawMessage, seen]).toEqual([Code.Internal, "internal error", ["1"]]);
    expect(lines).toHaveLength(1);
    expect(observed).toMatchObject([{ method: "orders.v1.OrderService/WatchOrder", code: "internal" }]);
  });
});
