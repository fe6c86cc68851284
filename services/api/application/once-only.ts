import type { Order } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import { orderAtVersion } from "../domain/order-versions.ts";
import type { CommandContext } from "./call-context.ts";
import { type Digest, IdempotencyKeyTaken, type IdempotencyStore, type OrderRepository } from "./ports.ts";

/** What a command adds to its transaction: `claim` before all else, `record` with what it answers. */
export interface Done<Tx> {
  claim(tx: Tx): void;
  record(tx: Tx, order: Order): void;
}

export interface Request {
  readonly operation: string;
  readonly input: unknown;
}

/**
 * Runs a command once for each idempotency key of a caller; the same request again is given the first answer. A command that fails
 * leaves its key free. Without a key it simply runs.
 * @throws OrderError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_FLIGHT, and what `run` throws
 */
export type OnceOnly<Tx> = (
  request: Request,
  context: CommandContext,
  run: (done: Done<Tx>) => Promise<Order>,
) => Promise<Order>;

const nothing: Done<never> = { claim() {}, record() {} };

export function createOnceOnly<Tx>(deps: {
  readonly idempotency: IdempotencyStore<Tx>;
  readonly orders: Pick<OrderRepository<Tx>, "find">;
  readonly digest: Digest;
}): OnceOnly<Tx> {
  const { idempotency: store, orders, digest } = deps;
  return async (request, { caller, deadline, idempotencyKey }, run) => {
    if (idempotencyKey === undefined) return run(nothing);
    const key = { caller: caller.id, key: idempotencyKey };
    const fingerprint = digest(canonical(request));
    try {
      return await run({
        claim: (tx) => store.claim(tx, key),
        record: (tx, { id, version }) => store.record(tx, key, { fingerprint, orderId: id, version }),
      });
    } catch (error) {
      if (!(error instanceof IdempotencyKeyTaken)) throw error;
    }
    const done = await store.find(key, deadline);
    const order = done && (await orders.find(done.orderId, deadline));
    const first = order && orderAtVersion(order, done.version);
    if (!first) throw new OrderError("IDEMPOTENCY_KEY_IN_FLIGHT", "the idempotency key has just expired");
    if (done.fingerprint !== fingerprint) {
      const message =
        "the idempotency key belongs to another request that was done; a new request needs a new one";
      throw new OrderError("IDEMPOTENCY_KEY_REUSED", message);
    }
    return first;
  };
}

/** The same for the same request, through whichever door it came. */
function canonical({ operation, input }: Request): string {
  return JSON.stringify([operation, input], (_key, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
