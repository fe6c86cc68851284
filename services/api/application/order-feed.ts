import type { Order } from "../domain/order.ts";

/** Port: the read model that the projector keeps, as a watch looks at it. */
export interface OrderFeed {
  /** What the read model has of the order; undefined when it has nothing. @throws Error when it cannot be asked, soon */
  find(id: string): Promise<ProjectedOrder | undefined>;
  /**
   * Calls `onHint` whenever `find` may have something new: also when hints were not heard until now, or may have been lost.
   * A hint may come late, twice, or never. Returns what ends it.
   */
  listen(id: string, onHint: () => void): () => void;
}

export interface ProjectedOrder {
  readonly order: Order;
  /** Of the event that led to this version. */
  readonly path: EventPath | undefined;
}

/** When an event was where; undefined what is not known. */
export interface EventPath {
  readonly writtenAt: Date | undefined;
  readonly publishedAt: Date | undefined;
  readonly projectedAt: Date | undefined;
}

/** Without a read model: watches read the database. */
export const noFeed: OrderFeed = {
  find: () => Promise.reject(new Error("there is no read model")),
  listen: () => () => {},
};
