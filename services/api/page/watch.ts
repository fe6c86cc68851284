import { Code, ConnectError } from "@connectrpc/connect";
import type { Order } from "../../gen/orders/v1/order_pb.ts";
import type { EventPath } from "../../gen/orders/v1/order_service_pb.ts";
import type { OrdersClient } from "./orders-client.ts";

export interface WatchListener {
  connected(): void;
  /** The watch has broken and begins again in a moment, where it was. */
  waiting(problem: string): void;
  version(order: Order, path: EventPath | undefined): void;
  /** No further version will come. */
  done(): void;
  failed(problem: string): void;
}

/** What another try would not change. */
const FINAL = new Set([
  Code.NotFound,
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/** Tells of each version of the order once, in their order, over any number of broken connections, until `signal` aborts. */
export async function watchOrder(
  client: OrdersClient,
  id: string,
  listener: WatchListener,
  signal: AbortSignal,
): Promise<void> {
  let last = 0n;
  for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      listener.connected();
      for await (const { order, path } of client.watchOrder({ id, afterVersion: last }, { signal })) {
        if (!order) continue;
        last = order.version;
        wait = FIRST_WAIT_MS;
        listener.version(order, path);
      }
      return listener.done();
    } catch (error) {
      if (signal.aborted) return;
      const { code, rawMessage } = ConnectError.from(error);
      if (FINAL.has(code)) return listener.failed(rawMessage);
      listener.waiting(rawMessage);
      await pause(wait * (0.5 + Math.random() / 2), signal);
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
