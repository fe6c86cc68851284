import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServiceName } from "../deploy/local/process-environment.ts";
import { type Door, openDoors, Refused } from "../services/api/testing/doors.ts";
import { checkOutbox, nothingWrong } from "../services/relay/testing/outbox-check.ts";
import { eventually } from "./support/eventually.ts";
import { type OrderSystem, type Replica, startOrderSystem } from "./support/order-system.ts";
import { redisUrl } from "./support/redis.ts";

// As a deployment does it, one instance after the other: the next one is ready before the last one is told to stop.

const DRAIN_MS = 300;
const GIVES_UP_MS = 15_000;

let system: OrderSystem;
let pool: pg.Pool;
let redis: Redis;

beforeAll(async () => {
  system = await startOrderSystem({ variables: { api: { SHUTDOWN_DELAY_MS: `${DRAIN_MS}` } } });
  pool = new pg.Pool({ connectionString: system.database.ownerUrl });
  redis = new Redis(redisUrl());
});

afterAll(async () => {
  redis?.disconnect();
  await pool?.end();
  await system?.stop();
});

interface Instance {
  readonly doors: readonly Door[];
  readonly readyUrl: string;
}

/** What a balancer does: asks each instance whether it is ready, and leads callers to those that are. */
function openBalancer() {
  const instances = new Set<Instance>();
  const ready = new Set<Instance>();
  const looking = setInterval(async () => {
    for (const instance of instances) {
      const isReady = await fetch(instance.readyUrl).then(
        (response) => response.ok,
        () => false,
      );
      if (isReady) ready.add(instance);
      else ready.delete(instance);
    }
  }, 50);
  return {
    add({ ports }: Replica): void {
      const restUrl = `http://127.0.0.1:${ports.httpPort}`;
      const { REST, gRPC, Connect } = openDoors({ restUrl, grpcUrl: `http://127.0.0.1:${ports.grpcPort}` });
      const instance = {
        doors: [REST, gRPC, Connect] as Door[],
        readyUrl: `http://127.0.0.1:${ports.opsPort}/readyz`,
      };
      instances.add(instance);
      ready.add(instance);
    },
    pick(caller: number): Door | undefined {
      const all = [...ready];
      return all[Math.floor(Math.random() * all.length)]?.doors[caller % 3];
    },
    close: () => clearInterval(looking),
  };
}

/** Callers that place an order and bring it to its end, and send again what was not answered, under the same idempotency key. */
function placeOrders(balancer: ReturnType<typeof openBalancer>) {
  const orders: string[] = [];
  let running = true;

  async function untilAnswered<T>(caller: number, call: (door: Door) => Promise<T>): Promise<T> {
    for (const end = Date.now() + GIVES_UP_MS; ; await sleep(20)) {
      try {
        const door = balancer.pick(caller);
        if (!door) throw new Refused("unavailable", "no instance is ready", undefined, []);
        return await call(door);
      } catch (error) {
        if (!mayBeSentAgain(error) || Date.now() > end) throw error;
      }
    }
  }
  async function caller(number: number): Promise<void> {
    while (running) {
      const keys = Array.from({ length: 3 }, () => randomUUID());
      const requestId = (step: number) => ({ requestId: keys[step] as string });
      const { id } = await untilAnswered(number, (door) => door.create({ ...order, ...requestId(0) }));
      await untilAnswered(number, (door) => door.change("MarkOrderReady", id, requestId(1)));
      await untilAnswered(number, (door) => door.change("IssueOrder", id, requestId(2)));
      orders.push(id);
    }
  }
  const callers = Promise.all(Array.from({ length: 6 }, (_, number) => caller(number)));
  callers.catch(() => {}); // told at the stop
  return {
    get count() {
      return orders.length;
    },
    async stop() {
      running = false;
      await callers;
      return orders;
    },
  };
}

const order = {
  customerId: "customer-1",
  pickupPointId: "point-7",
  currency: "EUR",
  lines: [{ sku: "book", quantity: 1n, unitPriceMinor: 1990n }],
};

/** A connection that broke, or an instance that says that it is not there for it. */
function mayBeSentAgain(error: unknown): boolean {
  return error instanceof Refused ? error.code === "unavailable" : error instanceof TypeError;
}

test("each service is replaced under load, relays as a pair: no request is lost, each event is on the topic once, and the read model is right", {
  timeout: 180_000,
}, async () => {
  const balancer = openBalancer();
  const running: Record<ServiceName, Replica[]> = { api: [], relay: [], projector: [] };
  for (const name of ["api", "relay", "projector"] as const) {
    const process = system.processes[name];
    running[name].push({ process, ports: await process.started() });
  }
  running.relay.push(await system.startAnother("relay"));
  balancer.add(running.api[0] as Replica);
  const load = placeOrders(balancer);
  const flows = async () => {
    const before = load.count;
    await eventually(() => expect(load.count).toBeGreaterThan(before + 20), { timeoutMs: 30_000 });
  };
  await flows();

  const codes: (number | null)[] = [];
  for (const name of ["relay", "relay", "api", "projector", "api", "relay"] as const) {
    const next = await system.startAnother(name);
    if (name === "api") balancer.add(next);
    running[name].push(next);
    codes.push(await (running[name].shift() as Replica).process.end("SIGTERM"));
    await flows();
  }
  const orders = await load.stop();
  balancer.close();
  expect(codes).toEqual(codes.map(() => 0));

  const made = await pool.query("select id::text, version::int from orders order by id");
  expect(made.rows).toEqual(orders.toSorted().map((id) => ({ id, version: 3 })));
  await eventually(
    async () => {
      const { rows } = await pool.query("select 1 from outbox_status where status = 'new' limit 1");
      expect(rows).toEqual([]);
    },
    { timeoutMs: 30_000 },
  );
  expect(await checkOutbox(pool, system.topic)).toEqual({ committed: orders.length * 3, ...nothingWrong });
  await eventually(
    async () => {
      const keys = orders.map((id) => `${system.keyPrefix}order:{${id}}`);
      const versions = await Promise.all(keys.map((key) => redis.hget(key, "version")));
      expect(versions).toEqual(keys.map(() => "3"));
    },
    { timeoutMs: 30_000 },
  );
});
