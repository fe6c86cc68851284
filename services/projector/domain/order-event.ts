import type { OrderView } from "./order-view.ts";

/** Something that happened to an order. Each event carries the whole order as it was after it. */
export interface OrderEvent {
  /** UUID; the same event delivered again has the same id. */
  readonly id: string;
  /** When the event was written, in ms since the epoch; undefined when it does not say. */
  readonly occurredAt: number | undefined;
  /** When it was published, in ms since the epoch; undefined when its record does not say. */
  readonly publishedAt: number | undefined;
  readonly view: OrderView;
}
