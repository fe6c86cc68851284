import { create, fromJson, type JsonValue, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { type Order, OrderSchema } from "../../gen/orders/v1/order_pb.ts";
import { CreateOrderRequestSchema, OrderService } from "../../gen/orders/v1/order_service_pb.ts";
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
}

const codeOfStatus: Readonly<Record<number, string>> = {
  400: "invalid_argument",
  404: "not_found",
  503: "unavailable",
};

export function openDoors({
  restUrl,
  grpcUrl,
}: Pick<ApiUnderTest, "restUrl" | "grpcUrl">): Readonly<Record<string, Door>> {
  return {
    REST: rest(restUrl),
    gRPC: rpc(createClient(OrderService, createGrpcTransport({ baseUrl: grpcUrl }))),
    "gRPC-Web": rpc(
      createClient(OrderService, createGrpcWebTransport({ baseUrl: restUrl, httpVersion: "1.1" })),
    ),
    Connect: rpc(
      createClient(OrderService, createConnectTransport({ baseUrl: restUrl, httpVersion: "1.1" })),
    ),
    "Connect over HTTP/2": rpc(
      createClient(OrderService, createConnectTransport({ baseUrl: grpcUrl, httpVersion: "2" })),
    ),
  };
}

function rpc(client: Client<typeof OrderService>): Door {
  const unwrap = async (answer: Promise<{ order?: Order | undefined }>): Promise<Order> => {
    try {
      const { order } = await answer;
      if (!order) throw new Error("an answer without an order");
      return order;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      throw new Refused(/^\[(\w+)\]/.exec(error.message)?.[1] ?? "", error.rawMessage);
    }
  };
  return {
    create: (request) => unwrap(client.createOrder(request)),
    get: (id) => unwrap(client.getOrder({ id })),
  };
}

function rest(baseUrl: string): Door {
  async function unwrap(answer: Promise<Response>): Promise<Order> {
    const response = await answer;
    const body = (await response.json()) as JsonValue;
    if (response.ok) return fromJson(OrderSchema, body);
    throw new Refused(codeOfStatus[response.status] ?? String(response.status), JSON.stringify(body));
  }
  return {
    create: (request) =>
      unwrap(
        fetch(`${baseUrl}/orders`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: toJsonString(CreateOrderRequestSchema, create(CreateOrderRequestSchema, request)),
        }),
      ),
    get: (id) => unwrap(fetch(`${baseUrl}/orders/${id}`)),
  };
}
