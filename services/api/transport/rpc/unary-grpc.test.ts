import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  type CallOptions,
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { compressionGzip, connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { OrderSchema } from "../../../gen/orders/v1/order_pb.ts";
import { type GetOrderRequest, OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import { takeBeforeRequests } from "../before-requests.ts";
import { createUnaryGrpc } from "./unary-grpc.ts";

type GetOrder = (request: GetOrderRequest, context: HandlerContext) => Promise<{ order: { id: string } }>;

/** A server of GetOrder, and a client of it. Without the plain way all calls are Connect's. */
async function serve(
  getOrder: GetOrder,
  { plain = true, sendCompression = false }: { plain?: boolean; sendCompression?: boolean } = {},
) {
  let plainCalls = 0;
  const marked: Interceptor = (next) => async (request) => {
    const response = await next(request);
    response.header.set("intercepted", "yes");
    return response;
  };
  const options = {
    routes: (router: ConnectRouter) => void router.service(OrderService, { getOrder }),
    interceptors: [marked],
    readMaxBytes: 1_000,
    maxTimeoutMs: 5_000,
  };
  const adapter = connectNodeAdapter(options);
  const unaryGrpc = createUnaryGrpc({ ...options, log: pino({ level: "silent" }) });
  const server = createServer(adapter);
  takeBeforeRequests(server, (stream, headers) => {
    if (!plain || !unaryGrpc(stream, headers)) return false;
    plainCalls += 1;
    return true;
  });
  const baseUrl = await listening(server);
  const compression = sendCompression ? { sendCompression: compressionGzip, compressMinBytes: 0 } : {};
  const client = createClient(OrderService, createGrpcTransport({ baseUrl, ...compression }));
  return { client, plainCalls: () => plainCalls };
}

async function listening(server: Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const echo: GetOrder = async ({ id }, context) => {
  context.responseHeader.set("a-header", context.requestHeader.get("from-client") ?? "");
  context.responseTrailer.set("a-trailer", "2");
  return { order: { id } };
};

test.each([
  ["plain", true],
  ["Connect's", false],
])("the %s way: the message, headers, trailers and interceptors arrive", async (_, plain) => {
  const { client, plainCalls } = await serve(echo, { plain });
  const seen: Record<string, string | null> = {};
  const options: CallOptions = {
    headers: { "from-client": "1" },
    onHeader: (headers) => {
      seen.header = headers.get("a-header");
      seen.intercepted = headers.get("intercepted");
    },
    onTrailer: (trailers) => {
      seen.trailer = trailers.get("a-trailer");
    },
  };
  expect((await client.getOrder({ id: "№ 1" }, options)).order?.id).toBe("№ 1");
  expect(seen).toEqual({ header: "1", intercepted: "yes", trailer: "2" });
  expect(plainCalls()).toBe(plain ? 1 : 0);
});

test.each([
  ["plain", true],
  ["Connect's", false],
])("the %s way: an error arrives with its code, message, details and metadata", async (_, plain) => {
  const detail = { desc: OrderSchema, value: { id: "d" } };
  const { client } = await serve(
    () => Promise.reject(new ConnectError("нет", Code.NotFound, { more: "m" }, [detail])),
    { plain },
  );
  const error = ConnectError.from(await client.getOrder({ id: "1" }).catch((reason: unknown) => reason));
  expect([error.code, error.rawMessage, error.metadata.get("more")]).toEqual([Code.NotFound, "нет", "m"]);
  expect(error.findDetails(OrderSchema)).toMatchObject([{ id: "d" }]);
});

test.each([
  ["plain", true],
  ["Connect's", false],
])("the %s way: what is no ConnectError tells nothing of itself", async (_, plain) => {
  const { client } = await serve(() => Promise.reject(new TypeError("a secret")), { plain });
  const error = ConnectError.from(await client.getOrder({ id: "1" }).catch((reason: unknown) => reason));
  expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
});

test("a compressed request is left to Connect", async () => {
  const { client, plainCalls } = await serve(echo, { sendCompression: true });
  expect((await client.getOrder({ id: "x".repeat(500) })).order?.id).toHaveLength(500);
  expect(plainCalls()).toBe(0);
});

test("a message that is too large is refused, and the connection works on", async () => {
  const { client } = await serve(echo);
  await expect(client.getOrder({ id: "x".repeat(1_000_000) })).rejects.toMatchObject({
    code: Code.ResourceExhausted,
  });
  expect((await client.getOrder({ id: "1" })).order?.id).toBe("1");
});

test("the handler knows the deadline, its signal aborts when it is over, and a too long one is refused", async () => {
  let timeoutMs: number | undefined;
  const aborted = Promise.withResolvers<unknown>();
  const { client } = await serve(async (_, context) => {
    timeoutMs = context.timeoutMs();
    await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
    aborted.resolve(context.signal.reason);
    throw context.signal.reason;
  });
  await expect(client.getOrder({ id: "1" }, { timeoutMs: 100 })).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
  });
  await aborted.promise;
  expect(timeoutMs).toBeGreaterThan(0);
  expect(timeoutMs).toBeLessThanOrEqual(100);
  await expect(client.getOrder({ id: "1" }, { timeoutMs: 60_000 })).rejects.toMatchObject({
    code: Code.InvalidArgument,
  });
});

test("a caller that hangs up aborts the handler's signal", async () => {
  const entered = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const { client } = await serve(async (_, context) => {
    context.signal.addEventListener("abort", () => aborted.resolve());
    entered.resolve();
    await aborted.promise;
    return { order: { id: "" } };
  });
  const hangUp = new AbortController();
  const call = client.getOrder({ id: "1" }, { signal: hangUp.signal });
  await entered.promise;
  hangUp.abort();
  await expect(call).rejects.toMatchObject({ code: Code.Canceled });
  await aborted.promise;
});
