import { traceHeaders } from "../../platform/tracing/trace-context.ts";
import { decideTransition, evolve, type Order, type TransitionType } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import type { CommandContext } from "./call-context.ts";
import type { OnceOnly } from "./once-only.ts";
import type {
  CachedOrders,
  InSpan,
  NewId,
  Now,
  OrderRepository,
  OutboxRepository,
  TxManager,
} from "./ports.ts";
import { visibleTo } from "./visible-to.ts";

export interface ChangeOrderInput {
  readonly id: string;
  readonly type: TransitionType;
  /** It must be at one of these; undefined: at any. */
  readonly expectedVersions: readonly bigint[] | undefined;
  /** Of ReturnOrder and CancelOrder; "" when nobody said. */
  readonly reason: string;
}

/**
 * Commits the order's transition and its event in one transaction.
 * @throws OrderError ORDER_NOT_FOUND, VERSION_MISMATCH, TRANSITION_NOT_ALLOWED, those of OnceOnly and TxManager
 */
export type ChangeOrderUseCase = (input: ChangeOrderInput, context: CommandContext) => Promise<Order>;

export function createChangeOrder<Tx>(deps: {
  readonly transactions: TxManager<Tx>;
  readonly orders: OrderRepository<Tx>;
  readonly cache: Pick<CachedOrders, "committed">;
  readonly outbox: OutboxRepository<Tx>;
  readonly onceOnly: OnceOnly<Tx>;
  readonly inSpan: InSpan;
  readonly newId: NewId;
  readonly now: Now;
}): ChangeOrderUseCase {
  const { transactions, orders, cache, outbox, onceOnly, inSpan, newId, now } = deps;
  return (input, context) => {
    const { id, type, expectedVersions, reason } = input;
    const { caller, deadline, trace } = context;
    const written = { eventId: newId(), orderId: id, trace };
    return onceOnly({ operation: type, input }, context, async (done) => {
      const changed = await inSpan(written, (within) =>
        transactions.run(async (tx) => {
          done.claim(tx);
          const order = visibleTo(caller, id, await orders.findForUpdate(tx, id));
          if (expectedVersions) requireVersion(order, expectedVersions);
          const event = decideTransition(order, { type, reason, at: now() });
          const changed = evolve(order, event);
          orders.update(tx, changed);
          outbox.append(tx, event, changed, { eventId: written.eventId, headers: traceHeaders(within) });
          done.record(tx, changed);
          return changed;
        }, deadline),
      );
      await cache.committed(changed);
      return changed;
    });
  };
}

/** @throws OrderError VERSION_MISMATCH */
export function requireVersion({ version }: Order, expected: readonly bigint[]): void {
  if (expected.includes(version)) return;
  throw new OrderError(
    "VERSION_MISMATCH",
    `the order is at version ${version}, which is not an expected one`,
  );
}
