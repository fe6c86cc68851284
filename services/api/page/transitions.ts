import { type Order, OrderStatus } from "../../gen/orders/v1/order_pb.ts";
import { byId, element, newRequestId } from "./elements.ts";
import type { OrdersClient } from "./orders-client.ts";

interface Request {
  readonly id: string;
  readonly expectedVersion: bigint;
  readonly requestId: string;
}

interface Action {
  readonly name: string;
  readonly from: readonly OrderStatus[];
  run(client: OrdersClient, request: Request, reason: string): Promise<unknown>;
}

const { CREATED, READY } = OrderStatus;
const actions: readonly Action[] = [
  { name: "Ready", from: [CREATED], run: (client, request) => client.markOrderReady(request) },
  { name: "Issue", from: [READY], run: (client, request) => client.issueOrder(request) },
  {
    name: "Return",
    from: [READY],
    run: (client, request, reason) => client.returnOrder({ ...request, reason }),
  },
  {
    name: "Cancel",
    from: [CREATED, READY],
    run: (client, request, reason) => client.cancelOrder({ ...request, reason }),
  },
];

export interface Transitions {
  /** Offers what can be done to this order. */
  show(order: Order): void;
}

/** A button for each transition. Each is done to the version that is shown, and once. */
export function createTransitions(client: OrdersClient, onError: (error: unknown) => void): Transitions {
  let shown: Order | undefined;
  const buttons = actions.map(({ name, run }) => {
    const button = element("button", { type: "button" }, name) as HTMLButtonElement;
    button.addEventListener("click", async () => {
      if (!shown) return;
      const reason = byId<HTMLInputElement>("reason").value.trim();
      const request = { id: shown.id, expectedVersion: shown.version, requestId: newRequestId() };
      try {
        await run(client, request, reason);
      } catch (error) {
        onError(error);
      }
    });
    return button;
  });
  byId("actions").append(...buttons);
  return {
    show(order) {
      shown = order;
      for (const [index, { from }] of actions.entries()) {
        (buttons[index] as HTMLButtonElement).disabled = !from.includes(order.status);
      }
    },
  };
}
