import { pino } from "pino";
import type { OrderUseCases } from "../application/factories/order-use-cases.ts";
import type { Order } from "../domain/order.ts";
import { openGate } from "../transport/gate.ts";
import { createRestApp, type RestOptions } from "../transport/rest/rest-app.ts";

export const someOrder: Order = {
  id: "0198c0de-0000-7000-8000-000000000001",
  customerId: "customer-1",
  pickupPointId: "point-7",
  currency: "EUR",
  lines: [{ sku: "book", quantity: 2n, unitPriceMinor: 1990n }],
  totalMinor: 3980n,
  status: "created",
  version: 1n,
  createdAt: new Date("2026-03-01T12:00:00.123Z"),
  readyAt: undefined,
  issuedAt: undefined,
  returnedAt: undefined,
  cancelledAt: undefined,
  reason: "",
};

export interface RestAppOptions extends Partial<Omit<RestOptions, "useCases">> {
  readonly useCases?: Partial<OrderUseCases>;
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
