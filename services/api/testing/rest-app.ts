import { pino } from "pino";
import { noTracer } from "../../platform/tracing/tracer.ts";
import type { Order } from "../domain/order.ts";
import { openGate } from "../transport/gate.ts";
import { createRestApp, type RestOptions } from "../transport/rest/rest-app.ts";
import { orderVersions } from "./orders.ts";

export const someOrder = orderVersions([])[0] as Order;

export interface RestAppOptions extends Partial<Omit<RestOptions, "useCases">> {
  readonly useCases?: Partial<RestOptions["useCases"]>;
}

/** The REST door alone: what is behind it answers `someOrder`, or what a test says. */
export function restApp({ useCases, ...options }: RestAppOptions = {}) {
  return createRestApp({
    gate: openGate,
    checks: {},
    log: pino({ level: "silent" }),
    observe: () => {},
    maxBodyBytes: 1_000_000,
    requireIfMatch: false,
    tracer: noTracer,
    ...options,
    useCases: {
      createOrder: async () => someOrder,
      changeOrder: async () => someOrder,
      getOrder: async () => someOrder,
      listOrders: async () => ({ orders: [someOrder], nextPageToken: undefined }),
      ...useCases,
    },
  });
}
