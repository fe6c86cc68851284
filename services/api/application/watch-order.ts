import { isFinal, type Order } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import { versionsAfter } from "../domain/order-versions.ts";
import { createBell } from "./bell.ts";
import type { CallContext } from "./call-context.ts";
import type { EventPath, OrderFeed, ProjectedOrder } from "./order-feed.ts";
import type { Deadline, Now, OrderRepository } from "./ports.ts";
import { visibleTo } from "./visible-to.ts";
import type { Watches } from "./watches.ts";

export interface WatchOrderInput {
  readonly id: string;
  /** The last version that the caller has; 0 for none. */
  readonly afterVersion: bigint;
}

export interface OrderVersion {
  readonly order: Order;
  /** Undefined for a version that the read model did not show, or had left when it was looked at. */
  readonly path: EventPath | undefined;
}

/**
 * Each version after `afterVersion`, in their order, each once, as they come through the topic to the read model; ends after the one that is
 * final. Nothing is kept for a caller that reads slowly: the latest order tells all its versions, so whatever it is given last heals
 * what was missed.
 * @throws OrderError ORDER_NOT_FOUND, those of Watches and OrderRepository.find; the reason of the caller's signal
 */
export type WatchOrderUseCase = (input: WatchOrderInput, context: CallContext) => AsyncIterable<OrderVersion>;

interface Deps {
  readonly orders: Pick<OrderRepository<never>, "find">;
  readonly feed: OrderFeed;
  readonly watches: Watches;
  readonly now: Now;
}

/** For so long the read model may be behind the database before the database is asked: an event is usually there within 100 ms. */
const GRACE_MS = 2_000;
/** Every hint may be lost. */
const LOOK_AGAIN_MS = 10_000;
/** Without the read model there are no hints. */
const WITHOUT_FEED_MS = 1_000;
/** One answer that came too late does not mean that the read model is away. */
const TRY_AGAIN_MS = 300;

export function createWatchOrder({ orders, feed, watches, now }: Deps): WatchOrderUseCase {
  return async function* watchOrder({ id, afterVersion }, { caller, deadline: callers }) {
    const { deadline, end } = watches.begin(callers);
    const bell = createBell();
    let stopListening = () => {};
    try {
      const begun = visibleTo(caller, id, await orders.find(id, deadline));
      if (isFinal(begun) && begun.version <= afterVersion) return;
      stopListening = feed.listen(id, bell.ring); // before the first look: what comes between rings
      const look = createLook({ id, deadline, orders, feed, now });
      let known = begun.version;
      let sent = afterVersion;
      for (;;) {
        if (sent > known) known = sent;
        const { found, waitMs } = await look(known);
        for (const order of found ? versionsAfter(found.order, sent) : []) {
          deadline.signal.throwIfAborted();
          yield { order, path: order.version === found?.order.version ? found.path : undefined };
          sent = order.version;
          if (isFinal(order)) return;
        }
        await bell.wait(waitMs, deadline.signal);
        deadline.signal.throwIfAborted();
      }
    } finally {
      stopListening();
      end();
    }
  };
}

/** What can be sent now, and how long to wait for a hint before the next look. */
interface Look {
  readonly found: ProjectedOrder | undefined;
  readonly waitMs: number;
}

/**
 * Looks into the read model; into the database when the read model cannot be asked, or for a while has not had the version that there
 * is for sure.
 */
function createLook(
  of: Omit<Deps, "watches"> & { readonly id: string; readonly deadline: Deadline },
): (known: bigint) => Promise<Look> {
  const { id, deadline, orders, feed, now } = of;
  let behindSince: number | undefined;
  let failures = 0;

  async function fromDatabase(): Promise<ProjectedOrder | undefined> {
    try {
      const order = await orders.find(id, deadline);
      return order && { order, path: undefined };
    } catch (error) {
      // It waits for the database rather than have all its watchers call again at once.
      if (error instanceof OrderError) return undefined;
      throw error;
    }
  }

  return async (known) => {
    const view = await feed.find(id).catch(() => "away" as const);
    failures = view === "away" ? failures + 1 : 0;
    if (view === "away") {
      if (failures === 1) return { found: undefined, waitMs: jittered(TRY_AGAIN_MS) };
      return { found: await fromDatabase(), waitMs: jittered(WITHOUT_FEED_MS) };
    }
    if (view && view.order.version >= known) {
      behindSince = undefined;
      return { found: view, waitMs: jittered(LOOK_AGAIN_MS) };
    }
    behindSince ??= now().getTime();
    const graceMs = behindSince + GRACE_MS - now().getTime();
    if (graceMs > 0) return { found: view, waitMs: graceMs };
    return { found: await fromDatabase(), waitMs: jittered(LOOK_AGAIN_MS) };
  };
}

/** Many watches do not ask as one. */
function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2);
}
