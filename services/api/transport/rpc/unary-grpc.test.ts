import { once } from "node:events";
import { type ClientHttp2Session, connect, constants, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  type CallOptions,
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  createContextKey,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { compressionGzip, connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { OrderSchema } from "../../../gen/orders/v1/order_pb.ts";
import { type GetOrderRequest, OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import { takeBeforeRequests } from "../before-requests.ts";
import { createUnaryGrpc } from "./unary-grpc.ts";

type GetOrder = (request: GetOrderRequest, context: HandlerContext) => Promise<{ order: { id: string } }>;

interface ServeOptions {
  readonly plain?: boolean;
  readonly sendCompression?: boolean;
  readonly requestGate?: (context: HandlerContext) => Promise<void>;
}

/** A server of GetOrder, and a client of it. Without the plain way all calls are Connect's. */
async function serve(
  getOrder: GetOrder,
  { plain = true, sendCompression = false, requestGate = async () => {} }: ServeOptions = {},
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
    requestGate,
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
  return { client, baseUrl, plainCalls: () => plainCalls };
}

function openSession(baseUrl: string): ClientHttp2Session {
  const session = connect(baseUrl);
  onTestFinished(() => session.destroy());
  session.on("error", () => {});
  return session;
}

/** A call of which the test sends the bytes itself. */
function openCall(session: ClientHttp2Session, more: Readonly<Record<string, string>> = {}) {
  const call = session.request({
    ":method": "POST",
    ":path": "/orders.v1.OrderService/GetOrder",
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  });
  call.on("error", () => {});
  return call;
}

/** A GetOrderRequest of the id "1", with its prefix. */
const REQUEST = Buffer.from("0000000003" + "0a0131", "hex");

/** A handler that waits until its signal aborts. */
function waiting() {
  const entered = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const getOrder: GetOrder = async (_, { signal }) => {
    signal.addEventListener("abort", () => aborted.resolve());
    entered.resolve();
    await aborted.promise;
    return { order: { id: "" } };
  };
  return { getOrder, entered: entered.promise, aborted: aborted.promise };
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

const callerKey = createContextKey("nobody");

test.each([
  ["plain", true],
  ["Connect's", false],
])("the %s way: the gate sees the headers, and tells the handler", async (_, plain) => {
  const { client } = await serve(async (_, { values }) => ({ order: { id: values.get(callerKey) } }), {
    plain,
    requestGate: async ({ values, requestHeader, method }) =>
      void values.set(callerKey, `${requestHeader.get("authorization")} for ${method.name}`),
  });
  const { order } = await client.getOrder({ id: "1" }, { headers: { authorization: "me" } });
  expect(order?.id).toBe("me for GetOrder");
});

test.each([
  ["plain", true],
  ["Connect's", false],
])(
  "the %s way: a call that the gate refuses is answered while its message is on its way, and the connection works on",
  async (_, plain) => {
    let isOpen = false;
    const { client, baseUrl } = await serve(echo, {
      plain,
      requestGate: async () => {
        if (!isOpen) throw new ConnectError("no", Code.Unauthenticated, { "www-authenticate": "Bearer" });
      },
    });
    const call = openCall(openSession(baseUrl));
    const answer = {};
    for (const event of ["response", "trailers"]) call.on(event, (headers) => Object.assign(answer, headers));
    call.resume();
    call.write(Buffer.alloc(100)); // and no end
    const refusal = { "grpc-status": "16", "grpc-message": "no", "www-authenticate": "Bearer" };
    await eventually(() => expect(answer).toMatchObject(refusal));
    call.close();

    for (let count = 0; count < 20; count++) {
      const refused = client.getOrder({ id: "x".repeat(200_000) });
      await expect(refused).rejects.toMatchObject({ code: Code.Unauthenticated });
    }
    isOpen = true;
    expect((await client.getOrder({ id: "1" })).order?.id).toBe("1");
  },
);

test("a refused call whose message never ends does not stay open", async () => {
  const { baseUrl } = await serve(echo, {
    requestGate: () => Promise.reject(new ConnectError("no", Code.Unauthenticated)),
  });
  const call = openCall(openSession(baseUrl));
  call.write(Buffer.alloc(100));
  call.resume();
  await once(call, "close");
  expect(call.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
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
  const { getOrder, entered, aborted } = waiting();
  const { client } = await serve(getOrder);
  const hangUp = new AbortController();
  const call = client.getOrder({ id: "1" }, { signal: hangUp.signal });
  await entered;
  hangUp.abort();
  await expect(call).rejects.toMatchObject({ code: Code.Canceled });
  await aborted;
});

test("a connection that breaks aborts the handler's signal", async () => {
  const { getOrder, entered, aborted } = waiting();
  const { baseUrl } = await serve(getOrder);
  const session = openSession(baseUrl);
  openCall(session).end(REQUEST);
  await entered;
  session.socket.destroy();
  await aborted;
});

test("a call that is reset with an error is aborted, and the server works on", async () => {
  const { getOrder, entered, aborted } = waiting();
  const { client, baseUrl } = await serve((request, context) =>
    request.id === "1" ? getOrder(request, context) : echo(request, context),
  );
  const call = openCall(openSession(baseUrl));
  call.end(REQUEST);
  await entered;
  call.close(constants.NGHTTP2_PROTOCOL_ERROR);
  await aborted;
  expect((await client.getOrder({ id: "2" })).order?.id).toBe("2");
});

test("a message that comes in pieces is put together", async () => {
  const { baseUrl, plainCalls } = await serve(echo);
  const call = openCall(openSession(baseUrl));
  call.write(REQUEST.subarray(0, 3));
  await once(call, "ready");
  await new Promise(setImmediate);
  call.end(REQUEST.subarray(3));
  const [trailers] = await once(call.resume(), "trailers");
  expect([trailers["grpc-status"], plainCalls()]).toEqual(["0", 1]);
});

test.each([
  ["no message", Buffer.alloc(0), Code.Unimplemented],
  ["two messages", Buffer.concat([REQUEST, REQUEST]), Code.Unimplemented],
  ["half a message", REQUEST.subarray(0, 7), Code.Internal],
  ["half a prefix", REQUEST.subarray(0, 4), Code.Internal],
  [
    "a message that is said to be compressed",
    Buffer.concat([Buffer.of(1), REQUEST.subarray(1)]),
    Code.Internal,
  ],
])("%s: the call is refused", async (_, body, code) => {
  const { baseUrl } = await serve(echo);
  const call = openCall(openSession(baseUrl));
  call.end(body);
  const [trailers] = await once(call.resume(), "trailers");
  expect(trailers["grpc-status"]).toBe(String(code));
});

test("what HTTP/2 forbids to send fails the call, and the server works on", async () => {
  const { client } = await serve(async (request, context) => {
    if (request.id === "header") context.responseHeader.set("connection", "close");
    if (request.id === "trailer") context.responseTrailer.set("connection", "close");
    return echo(request, context);
  });
  for (const id of ["header", "trailer"])
    await expect(client.getOrder({ id })).rejects.toMatchObject({ code: Code.Internal });
  expect((await client.getOrder({ id: "1" })).order?.id).toBe("1");
});

test("the handler knows the same of a call in the plain way as in Connect's", async () => {
  async function contextOf(plain: boolean) {
    const known = Promise.withResolvers<HandlerContext>();
    const { baseUrl } = await serve(
      (request, context) => {
        known.resolve(context);
        return echo(request, context);
      },
      { plain },
    );
    const call = openCall(openSession(baseUrl), { "x-more": "1", ":authority": "orders:9090" });
    call.end(REQUEST);
    await once(call.resume(), "close");
    const { signal, requestHeader, responseHeader, timeoutMs, ...context } = await known.promise;
    const { method, service, protocolName, requestMethod, url } = context;
    return {
      ...{ method, service, protocolName, requestMethod, url },
      header: Object.fromEntries(requestHeader),
      type: responseHeader.get("content-type"),
      hasEnded: signal.aborted,
      timeoutMs: timeoutMs(),
    };
  }
  const plain = await contextOf(true);
  expect(plain).toEqual(await contextOf(false));
  expect(plain).toMatchObject({ hasEnded: true, header: { "x-more": "1" } });
});
