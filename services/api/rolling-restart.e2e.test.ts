import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { type ServiceProcess, spawnService } from "../../test/support/service-process.ts";
import { CreateOrderRequestSchema } from "../gen/orders/v1/order_service_pb.ts";
import { type Balancer, createBalancer } from "./testing/balancer.ts";

const ROUNDS = 3;
const doorNames = ["REST", "gRPC", "gRPC-Web", "Connect", "Connect over HTTP/2"];
const CALLERS_PER_DOOR = 4;

let database: TestDatabase;
let pool: pg.Pool;
let balancer: Balancer;
const processes: ServiceProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  balancer = createBalancer();
});

afterAll(async () => {
  await balancer.close();
  await Promise.all(processes.map((process) => process.end("SIGTERM")));
  await pool.end();
  await database.drop();
});

/** An API that calls are sent to. */
async function start(): Promise<ServiceProcess> {
  const process = spawnService("api", {
    DATABASE_URL: database.apiUrl,
    AUTH: "off",
    DATABASE_POOL_SIZE: "4",
    API_PORT: "0",
    API_GRPC_PORT: "0",
    OPS_PORT: "0",
    SHUTDOWN_DELAY_MS: "500",
    SHUTDOWN_TIMEOUT_MS: "10000",
  });
  processes.push(process);
  const { httpPort, grpcPort, opsPort } = await process.started();
  const url = (port: number | undefined) => `http://127.0.0.1:${port}`;
  await balancer.add({ restUrl: url(httpPort), grpcUrl: url(grpcPort), opsUrl: url(opsPort) });
  return process;
}

test("while every process is restarted in turn, several times, no call of any door fails, and each makes one order", async () => {
  let current = [await start(), await start()];
  const failures: string[] = [];
  const done: string[] = [];
  let stopping = false;
  const call = async (name: string) => {
    const customerId = randomUUID();
    const lines = [{ sku: "s", quantity: 1n }];
    const order = create(CreateOrderRequestSchema, {
      customerId,
      pickupPointId: "p",
      currency: "EUR",
      lines,
    });
    try {
      await balancer.door(name).create(order);
      done.push(customerId);
    } catch (error) {
      failures.push(`${name}: ${error} ${(error as Error).cause ?? ""}`);
    }
  };
  const callers = doorNames.flatMap((name) =>
    Array.from({ length: CALLERS_PER_DOOR }, async () => {
      while (!stopping) await call(name);
    }),
  );
  const exitCodes: (number | null)[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const old of current) {
      const next = await start();
      // 1 if anything was not released in the time that there is for a stop.
      exitCodes.push(await old.end("SIGTERM"));
      current = [...current.filter((process) => process !== old), next];
    }
  }
  stopping = true;
  await Promise.all(callers);

  expect(failures).toEqual([]);
  expect(exitCodes).toEqual(Array(2 * ROUNDS).fill(0));
  expect(done.length).toBeGreaterThan(100);
  const { rows } = await pool.query(
    `select (select count(*)::int from orders) as orders, (select count(distinct customer_id)::int from orders) as callers,
            (select count(*)::int from outbox) as events`,
  );
  expect(rows).toEqual([{ orders: done.length, callers: done.length, events: done.length }]);
}, 120_000);
