import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";

/** buf's client, written in Go: it knows of the API what reflection tells it. */
const buf = join(import.meta.dirname, "..", "..", "node_modules", ".bin", "buf");

let database: TestDatabase;
let api: ApiUnderTest;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.apiUrl);
});

afterAll(async () => {
  await api.stop();
  await database.drop();
});

function curl(
  method: string,
  request: object,
  ...options: string[]
): Promise<{ stdout: string; stderr: string }> {
  const url = `${api.grpcUrl}/orders.v1.OrderService/${method}`;
  const args = ["curl", "--http2-prior-knowledge", ...options, "-d", JSON.stringify(request), url];
  return new Promise((resolve) => {
    execFile(buf, args, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

const order = {
  customerId: "c",
  pickupPointId: "p",
  currency: "EUR",
  lines: [{ sku: "s", quantity: "2", unitPriceMinor: "9007199254740993" }],
};

const protocols = ["grpc", "grpcweb", "connect"].flatMap((protocol) =>
  ["grpc-v1", "grpc-v1alpha"].map((reflection) => [protocol, reflection]),
);

test.each(protocols)(
  "over %s, with what reflection %s tells, orders are created and read",
  async (protocol, reflection) => {
    const options = ["--protocol", protocol as string, "--reflect-protocol", reflection as string];
    const created = await curl("CreateOrder", order, ...options);
    expect(created.stderr).toBe("");
    const { order: stored } = JSON.parse(created.stdout);
    expect(stored).toMatchObject({ totalMinor: "18014398509481986", status: "ORDER_STATUS_CREATED" });
    const read = await curl("GetOrder", { id: stored.id }, ...options);
    expect(JSON.parse(read.stdout).order).toEqual(stored);
  },
);

test.each(["grpc", "grpcweb", "connect"])("over %s a refusal is shown with its details", async (protocol) => {
  const { stderr } = await curl("CreateOrder", { ...order, lines: [] }, "--protocol", protocol);
  const error = JSON.parse(stderr);
  expect(error).toMatchObject({ code: "invalid_argument", message: expect.stringContaining("lines") });
  expect(error.details).toMatchObject([
    { type: "buf.validate.Violations", debug: { violations: [{ ruleId: "repeated.min_items" }] } },
    { type: "google.rpc.ErrorInfo" },
    { type: "google.rpc.BadRequest" },
  ]);
});

test("reflection lists what is served", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(buf, ["curl", "--http2-prior-knowledge", "--list-methods", api.grpcUrl], (_, stdout) =>
    resolve(stdout),
  );
  const methods = (await promise).trim().split("\n");
  expect(methods).toEqual(
    expect.arrayContaining([
      "grpc.health.v1.Health/Check",
      "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      "orders.v1.OrderService/CreateOrder",
      "orders.v1.OrderService/WatchOrder",
    ]),
  );
});
