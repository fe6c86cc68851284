import { create, fromJson, type JsonValue, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { type Order, OrderSchema } from "../../gen/orders/v1/order_pb.ts";
import {
  CreateOrderRequestSchema,
  ListOrdersResponseSchema,
  OrderService,
} from "../../gen/orders/v1/order_service_pb.ts";
import type { TransitionType } from "../domain/order.ts";
import type { ApiUnderTest } from "./running-api.ts";

export type OrderRequest = MessageInitShape<typeof CreateOrderRequestSchema>;

/** What a refused caller learns, brought to one form: the Connect code's name. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One way into the API, as a real client of it sees it. */
export interface Door {
  create(request: OrderRequest): Promise<Order>;
  get(id: string): Promise<Order>;
  /** The first page. */
  list(): Promise<readonly Order[]>;
  change(type: TransitionType, id: string): Promise<Order>;
  /** The first version that comes; REST has no watches. */
  readonly watch: ((id: string) => Promise<Order>) | undefined;
}

/** Which way through REST a transition goes. */
const pathOf: Readonly<Record<TransitionType, string>> = {
  MarkOrderReady: "ready",
  IssueOrder: "issue",
  ReturnOrder: "return",
  CancelOrder: "cancel",
};

const codeOfStatus: Readonly<Record<number, string>> = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  429: "resource_exhausted",
  503: "unavailable",
};

/** `token` goes with every request. */
export function openDoors(
  { restUrl, grpcUrl }: Pick<ApiUnderTest, "restUrl" | "grpcUrl">,
  token?: string,
): Readonly<Record<string, Door>> {
  const headers: Readonly<Record<string, string>> = token ? { authorization: `Bearer ${token}` } : {};
  const interceptors: Interceptor[] = [
    (next) => (request) => {
      for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
      return next(request);
    },
  ];
  const http1 = { baseUrl: restUrl, httpVersion: "1.1", interceptors } as const;
  const http2 = { baseUrl: grpcUrl, httpVersion: "2", interceptors } as const;
  return {
    REST: rest(restUrl, headers),
    gRPC: rpc(createClient(OrderService, createGrpcTransport(http2))),
    "gRPC-Web": rpc(createClient(OrderService, createGrpcWebTransport(http1))),
    Connect: rpc(createClient(OrderService, createConnectTransport(http1))),
    "Connect over HTTP/2": rpc(createClient(OrderService, createConnectTransport(http2))),
  };
}

function rpc(client: Client<typeof OrderService>): Door {
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      throw new Refused(/^\[(\w+)\]/.exec(error.message)?.[1] ?? "", error.rawMessage);
    }
  };
  const unwrap = async (answer: Promise<{ order?: Order | undefined }>): Promise<Order> => {
    const { order } = await answered(answer);
    if (!order) throw new Error("an answer without an order");
    return order;
  };
  const changes: Record<TransitionType, (id: string) => Promise<{ order?: Order | undefined }>> = {
    MarkOrderReady: (id) => client.markOrderReady({ id }),
    IssueOrder: (id) => client.issueOrder({ id }),
    ReturnOrder: (id) => client.returnOrder({ id }),
    CancelOrder: (id) => client.cancelOrder({ id }),
  };
  return {
    create: (request) => unwrap(client.createOrder(request)),
    get: (id) => unwrap(client.getOrder({ id })),
    list: async () => (await answered(client.listOrders({}))).orders,
    change: (type, id) => unwrap(changes[type](id)),
    watch: (id) => unwrap(firstOf((signal) => client.watchOrder({ id }, { signal }))),
  };
}

/** Hangs up after it: a client that only reads no further keeps the stream open. */
async function firstOf<T>(open: (signal: AbortSignal) => AsyncIterable<T>): Promise<T> {
  const hangUp = new AbortController();
  try {
    for await (const message of open(hangUp.signal)) return message;
    throw new Error("a stream without a message");
  } finally {
    hangUp.abort();
  }
}

function rest(baseUrl: string, headers: Readonly<Record<string, string>>): Door {
  async function answered(path: string, post?: string): Promise<JsonValue> {
    const json = { "content-type": "application/json" };
    const request = post === undefined ? {} : { method: "POST", body: post };
    const response = await fetch(`${baseUrl}${path}`, { ...request, headers: { ...json, ...headers } });
    const body = (await response.json()) as JsonValue;
    if (response.ok) return body;
    throw new Refused(codeOfStatus[response.status] ?? String(response.status), JSON.stringify(body));
  }
  const order = async (answer: Promise<JsonValue>) => fromJson(OrderSchema, await answer);
  return {
    create: (request) => {
      const message = create(CreateOrderRequestSchema, request);
      return order(answered("/orders", toJsonString(CreateOrderRequestSchema, message)));
    },
    get: (id) => order(answered(`/orders/${id}`)),
    list: async () => fromJson(ListOrdersResponseSchema, await answered("/orders")).orders,
    change: (type, id) => order(answered(`/orders/${id}/${pathOf[type]}`, "{}")),
    watch: undefined,
  };
}
