import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, type ContextValues } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";

export type RpcProtocol = "grpc" | "grpc-web" | "connect";

export interface ObservedCall {
  /** `orders.v1.OrderService/GetOrder` */
  readonly method: string;
  readonly protocol: RpcProtocol;
  /** In the lower case of Connect's specification; "ok" for a success. */
  readonly code: string;
  readonly seconds: number;
}

export interface BegunCall {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly values: ContextValues;
  /** On the clock of performance.now(). */
  readonly startedAt: number;
}

/** Of a call that has begun: what is to be told of it when it has ended with this code. */
export type BeginCall = (call: BegunCall) => (code: string) => void;

/** Tells how long each call took and how it ended. */
export function observed(observe: (call: ObservedCall) => void): BeginCall {
  return ({ method: descriptor, header, startedAt }) => {
    const method = methodName(descriptor);
    const protocol = protocolOf(header.get("content-type"));
    return (code) => observe({ method, protocol, code, seconds: (performance.now() - startedAt) / 1000 });
  };
}

export function methodName({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

/** As metrics have it. */
export function codeOf(error: unknown): string {
  return codeToString(ConnectError.from(error).code);
}

export function protocolOf(contentType: string | null): RpcProtocol {
  if (contentType?.startsWith("application/grpc-web")) return "grpc-web";
  return contentType?.startsWith("application/grpc") ? "grpc" : "connect";
}
