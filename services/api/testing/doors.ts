import { create, fromJson, type JsonValue, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { type Order, OrderSchema } from "../../gen/orders/v1/order_pb.ts";
import {
  CreateOrderRequestSchema,
  ListOrdersResponseSchema,
  OrderService,
} from "../../gen/orders/v1/order_service_pb.ts";
import type { TransitionType } from "../domain/order.ts";
import type { ApiUnderTest } from "./running-api.ts";

export type OrderRequest = MessageInitShape<typeof CreateOrderRequestSchema>;

/** What a refused caller learns, brought to one form. */
export class Refused extends Error {
  /** The Connect code's name. */
  readonly code: string;
  /** The code of the error table. */
  readonly reason: string | undefined;
  /** Which fields are wrong, in order, as `lines.0.unitPriceMinor`. */
  readonly fields: readonly string[];

  constructor(code: string, message: string, reason: string | undefined, fields: readonly string[]) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.fields = fields.toSorted();
  }
}

/** One way into the API, as a real client of it sees it. */
export interface Door {
  /** `requestId` in the request is REST's Idempotency-Key. */
  create(request: OrderRequest): Promise<Order>;
  get(id: string): Promise<Order>;
  /** The first page. */
  list(): Promise<readonly Order[]>;
  change(type: TransitionType, id: string, options?: ChangeOptions): Promise<Order>;
  /** The first version that comes; REST has no watches. */
  readonly watch: ((id: string) => Promise<Order>) | undefined;
}

export interface ChangeOptions {
  readonly expectedVersion?: bigint;
  readonly reason?: string;
  readonly requestId?: string;
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
      const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
      throw new Refused(
        /^\[(\w+)\]/.exec(error.message)?.[1] ?? "",
        error.rawMessage,
        error.findDetails(ErrorInfoSchema)[0]?.reason,
        violations.map(({ field }) => inJson(field)),
      );
    }
  };
  const unwrap = async (answer: Promise<{ order?: Order | undefined }>): Promise<Order> => {
    const { order } = await answered(answer);
    if (!order) throw new Error("an answer without an order");
    return order;
  };
  type Change = (request: ChangeOptions & { id: string }) => Promise<{ order?: Order | undefined }>;
  const changes: Record<TransitionType, Change> = {
    MarkOrderReady: ({ reason: _, ...request }) => client.markOrderReady(request),
    IssueOrder: ({ reason: _, ...request }) => client.issueOrder(request),
    ReturnOrder: (request) => client.returnOrder(request),
    CancelOrder: (request) => client.cancelOrder(request),
  };
  return {
    create: (request) => unwrap(client.createOrder(request)),
    get: (id) => unwrap(client.getOrder({ id })),
    list: async () => (await answered(client.listOrders({}))).orders,
    change: (type, id, options) => unwrap(changes[type]({ id, ...options })),
    watch: (id) => unwrap(firstOf((signal) => client.watchOrder({ id }, { signal }))),
  };
}

/** `lines.0.unitPriceMinor` for `lines[0].unit_price_minor`. */
function inJson(field: string): string {
  return field.replaceAll(/\[(\d+)\]/g, ".$1").replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase());
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
  async function answered(
    path: string,
    post?: string,
    { expectedVersion, requestId }: ChangeOptions = {},
  ): Promise<JsonValue> {
    const own = {
      "content-type": "application/json",
      ...(expectedVersion === undefined ? {} : { "if-match": `"${expectedVersion}"` }),
      ...(requestId ? { "idempotency-key": requestId } : {}),
    };
    const request = post === undefined ? {} : { method: "POST", body: post };
    const response = await fetch(`${baseUrl}${path}`, { ...request, headers: { ...own, ...headers } });
    const body = (await response.json()) as JsonValue;
    if (response.ok) return body;
    const { type, errors = [] } = body as {
      type: string;
      errors?: { pointer?: string; parameter?: string }[];
    };
    throw new Refused(
      codeOfStatus[response.status] ?? String(response.status),
      JSON.stringify(body),
      type
        .slice(type.lastIndexOf("/") + 1)
        .replaceAll("-", "_")
        .toUpperCase(),
      errors.flatMap(({ pointer, parameter }) => parameter ?? pointer?.slice(2).replaceAll("/", ".") ?? []),
    );
  }
  const order = async (answer: Promise<JsonValue>) => fromJson(OrderSchema, await answer);
  return {
    create: (request) => {
      const message = create(CreateOrderRequestSchema, request);
      const body = toJsonString(CreateOrderRequestSchema, { ...message, requestId: "" });
      return order(answered("/orders", body, { requestId: message.requestId }));
    },
    get: (id) => order(answered(`/orders/${id}`)),
    list: async () => fromJson(ListOrdersResponseSchema, await answered("/orders")).orders,
    change: (type, id, { reason, ...options } = {}) => {
      const body = JSON.stringify(reason === undefined ? {} : { reason });
      return order(answered(`/orders/${id}/${pathOf[type]}`, body, options));
    },
    watch: undefined,
  };
}
