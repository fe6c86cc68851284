/** After these an order changes no more. */
const finalStatuses: ReadonlySet<string> = new Set(["issued", "returned", "cancelled"]);

/** One order as readers of the read model see it. */
export interface OrderView {
  readonly orderId: string;
  /** The aggregate's version; the view only ever moves to a greater one. */
  readonly version: bigint;
  /** `created`, … as in the table `orders`. */
  readonly status: string;
  /** The whole order as JSON text. Text, and not an object: integers above 2^53 keep every digit. */
  readonly json: string;
}

export function isFinal({ status }: OrderView): boolean {
  return finalStatuses.has(status);
}
