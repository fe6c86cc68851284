import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { createOrderUseCases } from "../../services/api/application/factories/order-use-cases.ts";
import { createWatches } from "../../services/api/application/watches.ts";
import { sha256 } from "../../services/api/infrastructure/digest.ts";
import { createIdempotencyStore } from "../../services/api/infrastructure/postgres/idempotency-store.ts";
import { createOrderRepository } from "../../services/api/infrastructure/postgres/order-repository.ts";
import { createOutboxRepository } from "../../services/api/infrastructure/postgres/outbox-repository.ts";
import type { Statement } from "../../services/api/infrastructure/postgres/statement-batch.ts";
import type { Tx } from "../../services/api/infrastructure/postgres/transactions.ts";
import { anyCall } from "../../services/api/testing/calls.ts";
import { toCreateOrderInput } from "../../services/api/transport/order-messages.ts";
import { CreateOrderRequestSchema } from "../../services/gen/orders/v1/order_service_pb.ts";
import { createTemplateDatabase } from "../setup/template-database.ts";
import { asSuperuser, withDatabase } from "../support/database.ts";
import { dropDatabase } from "../support/drop-database.ts";
import { spawnService } from "../support/service-process.ts";
import type { BenchContext } from "./context.ts";
import { requestsPerSecond } from "./h2load.ts";
import { transactionsPerSecond } from "./pgbench.ts";
import { type ProcessUsage, sampleUsage } from "./process-usage.ts";
import { median } from "./statistics.ts";

export interface ApiFigures {
  /** `POST /orders`. */
  readonly rest_per_s: number;
  /** CreateOrder over gRPC. */
  readonly grpc_per_s: number;
  /** Of pgbench: the same transaction, one statement after the other, over as many connections. */
  readonly limit_tps: number;
  /** Of `rest_per_s` to `limit_tps`: the median of the rounds, in each of which both were measured. */
  readonly ratio: number;
  /** Of pgbench with the whole transaction in one round trip, as the API sends it. */
  readonly limit_pipelined_tps: number;
  readonly rest_cpu_us: number;
  readonly grpc_cpu_us: number;
  readonly rss_peak_mb: number;
}

/** To the database, as many as the API's pool has by default; and as many requests in flight. */
const CONNECTIONS = 10;
/** A fixed number, not a fixed time: at the end of it nothing is in flight, and the rows can be counted. */
const REQUESTS = 30_000;
const WARM_UP_REQUESTS = 10_000;

const request = create(CreateOrderRequestSchema, {
  customerId: "customer-1",
  pickupPointId: "point-7",
  currency: "EUR",
  lines: [
    { sku: "book", quantity: 1n, unitPriceMinor: 1990n },
    { sku: "pen", quantity: 3n, unitPriceMinor: 250n },
  ],
});

/** @throws Error when a request fails, or when the tables have not one order and one event for each that succeeded. */
export async function benchApi(context: BenchContext): Promise<ApiFigures> {
  const { log, signal } = context;
  const name = `bench_${randomBytes(4).toString("hex")}`;
  await using stack = new AsyncDisposableStack();
  await createTemplateDatabase(context.postgres.url, name);
  stack.defer(() => asSuperuser(context.postgres.url, (client) => dropDatabase(client, name)));
  const ownerUrl = withDatabase(context.postgres.url, name);
  const databaseUrl = withDatabase(context.postgres.url, name, "orders_api");
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));

  const doors = await writeDoors(folder);
  const api = spawnService("api", {
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_SIZE: String(CONNECTIONS),
    AUTH: "off",
    API_PORT: "0",
    API_GRPC_PORT: "0",
    OPS_PORT: "0",
  });
  stack.defer(async () => void (await api.end("SIGTERM")));
  const ports = await api.started();
  const usage = sampleUsage(api.pid);
  stack.defer(() => usage.stop());

  const transaction = await recordTransaction();
  let run = 0;
  const pgbench = (pipelined: boolean) =>
    transactionsPerSecond({
      ...transaction,
      databaseUrl,
      pipelined,
      connections: CONNECTIONS,
      perConnection: REQUESTS / CONNECTIONS,
      run: run++,
      folder,
      signal,
    });
  const post = async (door: Door, requests: number): Promise<Run> => {
    const before = await countRows(ownerUrl);
    const from = Date.now();
    const perSecond = await requestsPerSecond({
      ...door,
      url: `http://127.0.0.1:${ports[door.port]}${door.path}`,
      requests,
      signal,
    });
    const cpuMicros = await cpuOf(usage, from, requests);
    const after = await countRows(ownerUrl);
    const [orders, events] = [after.orders - before.orders, after.events - before.events];
    if (orders !== requests || events !== requests) {
      throw new Error(`a guarantee is broken: ${requests} answers, ${orders} orders, ${events} events`);
    }
    return { perSecond, cpuMicros };
  };

  for (const door of Object.values(doors)) await post(door, WARM_UP_REQUESTS);
  const rounds: Round[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    signal.throwIfAborted();
    const limit = await pgbench(false);
    const rest = await post(doors.rest, REQUESTS);
    const grpc = await post(doors.grpc, REQUESTS);
    const pipelined = await pgbench(true);
    rounds.push({ limit, rest, grpc, pipelined });
    log(
      `round ${round}: pgbench ${limit.toFixed()} (pipelined ${pipelined.toFixed()}) transactions/s, ` +
        `REST ${rest.perSecond.toFixed()}/s at ${rest.cpuMicros.toFixed()} µs CPU, ` +
        `gRPC ${grpc.perSecond.toFixed()}/s at ${grpc.cpuMicros.toFixed()} µs CPU`,
    );
  }
  const of = (figure: (round: Round) => number) => median(rounds.map(figure));
  return {
    rest_per_s: of(({ rest }) => rest.perSecond),
    grpc_per_s: of(({ grpc }) => grpc.perSecond),
    limit_tps: of(({ limit }) => limit),
    ratio: of(({ rest, limit }) => rest.perSecond / limit),
    limit_pipelined_tps: of(({ pipelined }) => pipelined),
    rest_cpu_us: of(({ rest }) => rest.cpuMicros),
    grpc_cpu_us: of(({ grpc }) => grpc.cpuMicros),
    rss_peak_mb: usage.peakMemoryMb,
  };
}

interface Run {
  readonly perSecond: number;
  /** Of the API, for each request. */
  readonly cpuMicros: number;
}

interface Round {
  readonly limit: number;
  readonly pipelined: number;
  readonly rest: Run;
  readonly grpc: Run;
}

interface Door {
  readonly port: "httpPort" | "grpcPort";
  readonly path: string;
  readonly http: "1.1" | "2";
  readonly connections: number;
  readonly streams: number;
  readonly bodyFile: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function writeDoors(folder: string): Promise<Readonly<Record<"rest" | "grpc", Door>>> {
  const json = join(folder, "order.json");
  await writeFile(json, toJsonString(CreateOrderRequestSchema, request));
  // A gRPC message on the wire: a byte for "not compressed", the length in four, the message.
  const message = toBinary(CreateOrderRequestSchema, request);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const frame = join(folder, "order.grpc");
  await writeFile(frame, Buffer.concat([prefix, message]));
  return {
    rest: {
      port: "httpPort",
      path: "/orders",
      http: "1.1",
      connections: CONNECTIONS,
      streams: 1,
      bodyFile: json,
      headers: { "content-type": "application/json" },
    },
    grpc: {
      port: "grpcPort",
      path: "/orders.v1.OrderService/CreateOrder",
      http: "2",
      connections: 1, // as a gRPC client has it
      streams: CONNECTIONS,
      bodyFile: frame,
      headers: { "content-type": "application/grpc", te: "trailers" },
    },
  };
}

/** What the API sends to the database for one request, from the very code of the API. */
async function recordTransaction(): Promise<{ statements: Statement[]; unique: ReadonlySet<string | null> }> {
  const statements: Statement[] = [];
  const unique = new Set<string | null>();
  const tx: Tx = {
    write: (statement) => void statements.push(statement),
    query: () => Promise.reject(new Error("not expected to read")),
  };
  const unread = { read: tx.query };
  const { createOrder } = createOrderUseCases<Tx>({
    transactions: { run: (work) => work(tx) },
    orders: createOrderRepository(unread),
    outbox: createOutboxRepository(),
    watches: createWatches({ max: 0, longestMs: 0 }),
    idempotency: createIdempotencyStore(unread, 1),
    newId() {
      const id = randomUUID();
      unique.add(id);
      return id;
    },
    now: () => new Date(),
    digest: sha256,
  });
  await createOrder(toCreateOrderInput(request), anyCall);
  return { statements, unique };
}

async function countRows(ownerUrl: string): Promise<{ orders: number; events: number }> {
  return asSuperuser(ownerUrl, async (client) => {
    const { rows } = await client.query(
      "select (select count(*) from orders)::int as orders, (select count(*) from outbox)::int as events",
    );
    return rows[0];
  });
}

async function cpuOf(usage: ProcessUsage, from: number, requests: number): Promise<number> {
  const to = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 50)); // a sample past the end
  return (usage.cpuBetween(from, to) * 1000) / requests;
}
