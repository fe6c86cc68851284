import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Order } from "../domain/order.ts";
import { OrderError } from "../domain/order-error.ts";
import { anyCall } from "../testing/calls.ts";
import { orderVersions } from "../testing/orders.ts";
import type { CallContext } from "./call-context.ts";
import { noFeed, type OrderFeed } from "./order-feed.ts";
import { createWatchOrder, type OrderVersion } from "./watch-order.ts";
import { createWatches } from "./watches.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const id = "0198c0de-0000-7000-8000-000000000001";

const history = orderVersions(["MarkOrderReady", "IssueOrder"], id);
const at = (version: number) => history[version - 1] as Order;

/** The database and the read model, each at a version of the history; 0: has nothing. */
function createWorld({ database = 1, view = 0 }: { database?: number; view?: number } = {}) {
  const listeners = new Set<() => void>();
  const world = {
    database,
    view,
    isViewAway: false,
    isDatabaseAway: false,
    reads: { database: 0, view: 0 },
    listeners,
    hint() {
      for (const onHint of listeners) onHint();
    },
  };
  const path = (version: number) => ({
    writtenAt: new Date(version),
    publishedAt: new Date(version + 1),
    projectedAt: new Date(version + 2),
  });
  const feed: OrderFeed = {
    async find() {
      world.reads.view += 1;
      if (world.isViewAway) throw new Error("planted");
      return world.view === 0 ? undefined : { order: at(world.view), path: path(world.view) };
    },
    listen(_, onHint) {
      listeners.add(onHint);
      return () => listeners.delete(onHint);
    },
  };
  const orders = {
    async find() {
      world.reads.database += 1;
      if (world.isDatabaseAway) throw new OrderError("UNAVAILABLE", "planted");
      return world.database === 0 ? undefined : at(world.database);
    },
  };
  const watches = createWatches({ max: 2, longestMs: 300_000 });
  const watchOrder = createWatchOrder({ orders, feed, watches, now: () => new Date() });
  return { world, watches, watchOrder, orders };
}

interface Seen {
  readonly versions: OrderVersion[];
  readonly numbers: () => number[];
  /** Undefined while it lasts; "ended", or the code that it failed with. */
  readonly ending: () => string | undefined;
  readonly over: Promise<void>;
}

function read(versions: AsyncIterable<OrderVersion>): Seen {
  const seen: OrderVersion[] = [];
  let ending: string | undefined;
  const over = (async () => {
    try {
      for await (const version of versions) seen.push(version);
      ending = "ended";
    } catch (error) {
      ending = error instanceof OrderError ? error.code : String(error);
    }
  })();
  return {
    versions: seen,
    numbers: () => seen.map(({ order }) => Number(order.version)),
    ending: () => ending,
    over,
  };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const input = (afterVersion: number) => ({ id, afterVersion: BigInt(afterVersion) });

test("each version comes with the path of its event, as the read model comes to it, and the final one is the last", async () => {
  const { world, watchOrder } = createWorld();
  const seen = read(watchOrder(input(0), anyCall));
  await pass(1_000);
  expect(seen.numbers()).toEqual([]); // it is on its way through the topic
  for (const version of [1, 2, 3]) {
    world.database = version;
    world.view = version;
    world.hint();
    await pass(0);
  }
  expect(seen.versions.map(({ order, path }) => [order, path?.writtenAt])).toEqual([
    [at(1), new Date(1)],
    [at(2), new Date(2)],
    [at(3), new Date(3)],
  ]);
  expect(seen.ending()).toBe("ended");
  expect(world.listeners.size).toBe(0);
});

test("versions that the read model went past come as well, without a path", async () => {
  const { watchOrder } = createWorld({ database: 3, view: 3 });
  const seen = read(watchOrder(input(0), anyCall));
  await seen.over;
  expect(seen.versions.map(({ order, path }) => [order, path !== undefined])).toEqual([
    [at(1), false],
    [at(2), false],
    [at(3), true],
  ]);
});

test.each([0, 1, 2, 3])("a watch that goes on after version %i begins with the next one", async (after) => {
  const { watchOrder } = createWorld({ database: 3, view: 3 });
  const seen = read(watchOrder(input(after), anyCall));
  await seen.over;
  expect(seen.numbers()).toEqual([1, 2, 3].slice(after));
  expect(seen.ending()).toBe("ended");
});

test("what the read model has lost, or is not come to for a while, is taken from the database", async () => {
  const { world, watchOrder } = createWorld({ database: 2, view: 0 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(1_900);
  expect(seen.numbers()).toEqual([]);
  await pass(200);
  expect(seen.numbers()).toEqual([1, 2]);
  // The projector comes to them in the end.
  for (const version of [1, 2]) {
    world.view = version;
    world.hint();
    await pass(0);
  }
  expect(seen.numbers()).toEqual([1, 2]);
  world.view = 3;
  world.hint();
  await seen.over;
  expect(seen.numbers()).toEqual([1, 2, 3]);
});

test("a read model that is behind shows what it has at once, and the rest comes from the database", async () => {
  const { watchOrder } = createWorld({ database: 3, view: 1 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(0);
  expect(seen.numbers()).toEqual([1]);
  await pass(2_100);
  expect(seen.numbers()).toEqual([1, 2, 3]);
});

test("a read model that is emptied during a watch does not stop it", async () => {
  const { world, watchOrder } = createWorld({ database: 1, view: 1 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(0);
  world.view = 0;
  world.database = 2;
  await pass(40_000);
  expect(seen.numbers()).toEqual([1, 2]);
});

test("a read model that comes back older than what was sent is not taken for the latest", async () => {
  const { world, watchOrder } = createWorld({ database: 1, view: 1 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(0);
  world.isViewAway = true;
  world.database = 2;
  await pass(15_000);
  expect(seen.numbers()).toEqual([1, 2]);
  world.isViewAway = false; // restored from a backup, and the projector is not there
  world.hint();
  await pass(0);
  world.database = 3;
  await pass(15_000);
  expect(seen.numbers()).toEqual([1, 2, 3]);
});

test("each time that the read model is behind it is given its time before the database is asked", async () => {
  const { world, watchOrder } = createWorld({ database: 1, view: 0 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(5_000);
  expect(seen.numbers()).toEqual([1]);
  world.view = 1;
  world.hint();
  await pass(0);
  world.reads.database = 0;
  world.view = 0;
  world.hint();
  await pass(1_900);
  expect(world.reads.database).toBe(0);
  await pass(200);
  expect(world.reads.database).toBe(1);
});

test("a read model that answers too late once is asked again: the version comes with the times of its way", async () => {
  const { world, watchOrder } = createWorld({ database: 1, view: 1 });
  world.isViewAway = true;
  const seen = read(watchOrder(input(0), anyCall));
  await pass(0);
  world.isViewAway = false;
  await pass(500);
  expect(seen.numbers()).toEqual([1]);
  expect(seen.versions[0]?.path).toBeDefined();
});

test("without the read model the database is read about once a second, and the hint of its return is heard", async () => {
  const { world, watchOrder } = createWorld({ database: 1, view: 1 });
  world.isViewAway = true;
  const seen = read(watchOrder(input(0), anyCall));
  await pass(500);
  expect(seen.numbers()).toEqual([1]);
  world.reads.database = 0;
  await pass(60_000);
  expect(world.reads.database).toBeGreaterThan(40);
  expect(world.reads.database).toBeLessThan(85);
  world.database = 2;
  await pass(1_500);
  expect(seen.numbers()).toEqual([1, 2]);
  world.isViewAway = false;
  world.view = 3;
  world.hint();
  await seen.over;
  expect(seen.numbers()).toEqual([1, 2, 3]);
  expect(seen.versions[2]?.path).toBeDefined();
});

test("with neither read model nor database a watch waits for one of them", async () => {
  const { world, watchOrder } = createWorld({ database: 1, view: 1 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(0);
  world.isViewAway = true;
  world.isDatabaseAway = true;
  world.database = 3;
  world.hint();
  await pass(60_000);
  expect(seen.ending()).toBeUndefined();
  world.isDatabaseAway = false;
  await pass(2_000);
  expect(seen.numbers()).toEqual([1, 2, 3]);
});

test("every version comes once and in order, whatever is lost, late, repeated or away", async () => {
  const step = fc.constantFrom(
    "change",
    "project",
    "project unheard",
    "hint",
    "flush",
    "away",
    "back",
    "database away",
    "database back",
    "wait",
    "wait long",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.nat({ max: 2 }),
      fc.boolean(),
      async (steps, after, starts) => {
        const { world, watchOrder, watches } = createWorld({ database: 1, view: starts ? 1 : 0 });
        const one = read(watchOrder(input(0), anyCall));
        const other = read(watchOrder(input(after), anyCall));
        await pass(0);
        for (const each of steps) {
          if (each === "change") world.database = Math.min(world.database + 1, 3);
          if (each === "project" || each === "project unheard")
            world.view = Math.min(world.view + 1, world.database);
          if (each === "project" || each === "hint") world.hint();
          if (each === "flush") world.view = 0;
          if (each === "away" || each === "back") world.isViewAway = each === "away";
          if (each === "database away" || each === "database back")
            world.isDatabaseAway = each === "database away";
          await pass(each === "wait" ? 300 : each === "wait long" ? 12_000 : 0);
        }
        world.isViewAway = false;
        world.isDatabaseAway = false;
        world.database = 3;
        world.view = 3;
        await pass(15_000); // no hint of it
        expect([one.numbers(), one.ending()]).toEqual([[1, 2, 3], "ended"]);
        expect([other.numbers(), other.ending()]).toEqual([[1, 2, 3].slice(after), "ended"]);
        expect([watches.open(), world.listeners.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
      },
    ),
    { numRuns: 200 },
  );
});

test("a caller that reads slowly is given every version all the same, and nothing is kept for it", async () => {
  const { world, watchOrder } = createWorld({ database: 1, view: 1 });
  const versions = watchOrder(input(0), anyCall)[Symbol.asyncIterator]();
  expect((await versions.next()).value?.order).toEqual(at(1));
  world.view = 2;
  for (let i = 0; i < 1_000; i++) world.hint();
  world.view = 3;
  for (let i = 0; i < 1_000; i++) world.hint();
  const looks = world.reads.view;
  expect((await versions.next()).value?.order).toEqual(at(2));
  expect((await versions.next()).value?.order).toEqual(at(3));
  expect((await versions.next()).done).toBe(true);
  expect(world.reads.view - looks).toBe(1);
});

test("an order that is not there, or another customer's, is not found, and nobody listens for it", async () => {
  const { world, watchOrder } = createWorld({ database: 0, view: 1 });
  const unknown = read(watchOrder(input(0), anyCall));
  await unknown.over;
  expect(unknown.ending()).toBe("ORDER_NOT_FOUND");
  world.database = 1;
  const stranger: CallContext = { ...anyCall, caller: { id: "other", customerId: "other" } };
  const others = read(watchOrder(input(0), stranger));
  await others.over;
  expect([others.ending(), others.numbers(), world.listeners.size]).toEqual(["ORDER_NOT_FOUND", [], 0]);
});

test("a caller that is gone ends its watch with its own reason, and only its own", async () => {
  const { world, watchOrder, watches } = createWorld({ database: 1, view: 1 });
  const gone = new AbortController();
  const call = { ...anyCall, deadline: { signal: gone.signal, remainingMs: () => undefined } };
  const one = read(watchOrder(input(0), call));
  const other = read(watchOrder(input(0), anyCall));
  await pass(0);
  gone.abort("gone");
  await one.over;
  expect([one.ending(), other.ending(), watches.open(), world.listeners.size]).toEqual([
    "gone",
    undefined,
    1,
    1,
  ]);
});

test("a stop ends every watch at once with UNAVAILABLE, and none begins after it", async () => {
  const { world, watchOrder, watches } = createWorld({ database: 1, view: 1 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(0);
  watches.stop();
  await seen.over;
  expect([seen.numbers(), seen.ending(), world.listeners.size]).toEqual([[1], "UNAVAILABLE", 0]);
  const late = read(watchOrder(input(1), anyCall));
  await late.over;
  expect(late.ending()).toBe("UNAVAILABLE");
});

test("a watch that has lasted its longest time ends with UNAVAILABLE, not as if the order were final", async () => {
  const { watchOrder, watches } = createWorld({ database: 1, view: 1 });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(299_000);
  expect(seen.ending()).toBeUndefined();
  await pass(2_000);
  expect([seen.ending(), watches.open(), vi.getTimerCount()]).toEqual(["UNAVAILABLE", 0, 0]);
});

test("there are no more watches than there may be; one that has ended makes room", async () => {
  const { watchOrder } = createWorld({ database: 1, view: 1 });
  const gone = new AbortController();
  const call = { ...anyCall, deadline: { signal: gone.signal, remainingMs: () => undefined } };
  const first = read(watchOrder(input(0), call));
  read(watchOrder(input(0), anyCall));
  const refused = read(watchOrder(input(0), anyCall));
  await refused.over;
  expect(refused.ending()).toBe("OVERLOADED");
  gone.abort();
  await first.over;
  const third = read(watchOrder(input(0), anyCall));
  await pass(0);
  expect([third.numbers(), third.ending()]).toEqual([[1], undefined]);
});

test("without any read model watches live by the database alone", async () => {
  const { world, orders, watches } = createWorld({ database: 1 });
  const watchOrder = createWatchOrder({ orders, feed: noFeed, watches, now: () => new Date() });
  const seen = read(watchOrder(input(0), anyCall));
  await pass(0);
  world.database = 3;
  await pass(2_000);
  expect([seen.numbers(), seen.ending()]).toEqual([[1, 2, 3], "ended"]);
});
