import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { residentMemoryMb } from "../../test/support/process-memory.ts";
import { type ServiceProcess, spawnService } from "../../test/support/service-process.ts";
import { CreateOrderRequestSchema, OrderService } from "../gen/orders/v1/order_service_pb.ts";

/** What the API is given for the test, and ten times more in flight than that. */
const [POOL, QUEUE, IN_FLIGHT] = [2, 30, 320];
/** Each order takes so long. */
const SLOW = "0.05";
const SECONDS = 4;
/** Looks while somebody waits: on a slow machine they take longer to come. */
const LOOKS = 5;
const MOST_SECONDS = 60;

let database: TestDatabase;
let pool: pg.Pool;
let api: ServiceProcess;
let ports: Readonly<Record<string, number>>;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  api = spawnService("api", {
    DATABASE_URL: database.apiUrl,
    AUTH: "off",
    DATABASE_POOL_SIZE: String(POOL),
    DATABASE_POOL_QUEUE: String(QUEUE),
    DATABASE_QUEUE_TIMEOUT_MS: "500",
    API_PORT: "0",
    API_GRPC_PORT: "0",
    OPS_PORT: "0",
  });
  ports = await api.started();
});

afterAll(async () => {
  await api.end("SIGTERM");
  await pool.end();
  await database.drop();
});

type Outcome = "done" | "refused";

async function rest(customerId: string): Promise<Outcome> {
  const response = await fetch(`http://127.0.0.1:${ports.httpPort}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      customerId,
      pickupPointId: "p",
      currency: "EUR",
      lines: [{ sku: "s", quantity: "1" }],
    }),
  });
  const body = (await response.json()) as { type: string };
  if (response.status === 201) return "done";
  expect([response.status, body.type]).toEqual([503, "/problems/overloaded"]);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  return "refused";
}

function grpc(): (customerId: string) => Promise<Outcome> {
  const client = createClient(
    OrderService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${ports.grpcPort}` }),
  );
  const lines = [{ sku: "s", quantity: 1n }];
  return async (customerId) => {
    try {
      const order = { customerId, pickupPointId: "p", currency: "EUR", lines };
      await client.createOrder(create(CreateOrderRequestSchema, order));
      return "done";
    } catch (error) {
      expect(ConnectError.from(error).code).toBe(Code.ResourceExhausted);
      return "refused";
    }
  };
}

const metrics = async () => (await fetch(`http://127.0.0.1:${ports.opsPort}/metrics`)).text();
async function metric(pattern: RegExp, text?: string): Promise<number> {
  return (text ?? (await metrics())).matchAll(pattern).reduce((sum, [, value]) => sum + Number(value), 0);
}
const waiting = (text?: string) => metric(/^db_client_connection_pending_requests (\d+)$/gm, text);
const used = (text: string) =>
  metric(/^db_client_connections\{db_client_connection_state="used"\} (\d+)$/gm, text);
const shed = () => metric(/^api_requests_shed_total\{.*\} (\d+)$/gm);

test("with ten times more in flight than a slow database can take, some are served and the others hear so at once; it stays ready, small, and recovers", {
  timeout: 90_000,
}, async () => {
  await pool.query(`
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(${SLOW}); return new; end $$;
    create trigger slow before insert on orders for each row execute function slow()`);
  const doors = [rest, grpc()];
  const counts: Record<Outcome, number> = { done: 0, refused: 0 };
  const run = randomUUID();
  const begin = Date.now();
  let isOver = false;
  const caller = async (n: number) => {
    const send = doors[n % 2] as (customerId: string) => Promise<Outcome>;
    while (!isOver) {
      const outcome = await send(run);
      counts[outcome] += 1;
      if (outcome === "refused") await sleep(200);
    }
  };
  const readiness: number[] = [];
  /** Whether all connections were in use each time that somebody waited for one. */
  const busy: boolean[] = [];
  const watch = async () => {
    const hasSeenEnough = () => Date.now() > begin + SECONDS * 1_000 && busy.length >= LOOKS;
    while (!hasSeenEnough() && Date.now() < begin + MOST_SECONDS * 1_000) {
      const text = await metrics();
      const count = await waiting(text);
      expect(count).toBeLessThanOrEqual(QUEUE);
      if (count > 0) busy.push((await used(text)) === POOL);
      readiness.push((await fetch(`http://127.0.0.1:${ports.opsPort}/readyz`)).status);
      await sleep(100);
    }
  };
  const watching = watch().finally(() => {
    isOver = true;
  });
  await Promise.all([watching, ...Array.from({ length: IN_FLIGHT }, (_, n) => caller(n))]);

  // The connections were never idle: overload costs nothing of what can be done. How much that is, the machine decides. A look can fall
  // between two callers of a connection.
  expect(counts.done).toBeGreaterThan(POOL);
  expect(busy.length).toBeGreaterThanOrEqual(LOOKS);
  expect(busy.filter((each) => each).length).toBeGreaterThan(busy.length * 0.8);
  expect(counts.refused).toBeGreaterThan(counts.done);
  expect(await shed()).toBe(counts.refused);
  expect(new Set(readiness)).toEqual(new Set([200]));
  expect(residentMemoryMb(api.pid, "VmHWM")).toBeLessThan(300);
  // What was refused was not done, and what was done was answered.
  const { rows } = await pool.query("select count(*)::int as count from orders where customer_id = $1", [
    run,
  ]);
  expect(rows[0].count).toBe(counts.done);

  await pool.query("drop function slow cascade");
  await eventually(async () => expect(await waiting()).toBe(0));
  const after = await Promise.all(
    Array.from({ length: POOL + QUEUE }, (_, n) => (doors[n % 2] ?? rest)("after")),
  );
  expect(new Set(after)).toEqual(new Set(["done"]));
});
