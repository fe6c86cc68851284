import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import type { TransitionType } from "./domain/order.ts";
import { type Door, openDoors, Refused } from "./testing/doors.ts";
import { type Claims, type Issuer, startIssuer } from "./testing/issuer.ts";
import { type ApiUnderTest, startApi } from "./testing/running-api.ts";
import type { Operation } from "./transport/gate.ts";

const all = "orders:read orders:write orders:operate";

/** What the token of each has; nobody has none. */
const roles = {
  nobody: undefined,
  "no scope": {},
  reader: { scope: "orders:read" },
  writer: { scope: "orders:write" },
  operator: { scope: "orders:operate" },
  customer: { scope: "orders:read orders:write", customer_id: "c-1" },
  "customer with all scopes": { scope: all, customer_id: "c-1" },
  "another customer": { scope: "orders:read orders:write", customer_id: "c-2" },
  "another customer with all scopes": { scope: all, customer_id: "c-2" },
  everything: { scope: all },
} satisfies Record<string, Claims | undefined>;

type Role = keyof typeof roles;
/** "none": an answer without the order. */
type Outcome = "done" | "none" | "unauthenticated" | "permission_denied" | "not_found";

const nobody = { nobody: "unauthenticated", "no scope": "permission_denied" } as const;

const reads = {
  ...nobody,
  reader: "done",
  writer: "permission_denied",
  operator: "permission_denied",
  customer: "done",
  "customer with all scopes": "done",
  "another customer": "not_found",
  "another customer with all scopes": "not_found",
  everything: "done",
} as const;

const operates = {
  ...nobody,
  reader: "permission_denied",
  writer: "permission_denied",
  operator: "done",
  customer: "permission_denied",
  "customer with all scopes": "permission_denied",
  "another customer": "permission_denied",
  "another customer with all scopes": "permission_denied",
  everything: "done",
} as const;

/** Of an order of the customer c-1. */
const matrix: Readonly<Record<Operation, Readonly<Record<Role, Outcome>>>> = {
  CreateOrder: {
    ...nobody,
    reader: "permission_denied",
    writer: "done",
    operator: "permission_denied",
    customer: "done",
    "customer with all scopes": "done",
    "another customer": "permission_denied",
    "another customer with all scopes": "permission_denied",
    everything: "done",
  },
  GetOrder: reads,
  WatchOrder: reads,
  ListOrders: { ...reads, "another customer": "none", "another customer with all scopes": "none" },
  MarkOrderReady: operates,
  IssueOrder: operates,
  ReturnOrder: operates,
  CancelOrder: {
    ...nobody,
    reader: "permission_denied",
    writer: "done",
    operator: "done",
    customer: "done",
    "customer with all scopes": "done",
    "another customer": "not_found",
    "another customer with all scopes": "not_found",
    everything: "done",
  },
};

const doorNames = ["REST", "gRPC", "gRPC-Web", "Connect", "Connect over HTTP/2"];
const roleNames = Object.keys(roles) as Role[];
const operations = Object.keys(matrix) as Operation[];

const order = {
  customerId: "c-1",
  pickupPointId: "p-1",
  currency: "EUR",
  lines: [{ sku: "s", quantity: 1n }],
};

let database: TestDatabase;
let issuer: Issuer;
let api: ApiUnderTest;
const doorsOf = new Map<Role, Readonly<Record<string, Door>>>();

beforeAll(async () => {
  database = await createTestDatabase();
  issuer = await startIssuer();
  api = await startApi(database.apiUrl, issuer.variables);
  for (const role of roleNames) {
    const claims: Claims | undefined = roles[role];
    const token = claims && (await issuer.token({ sub: role, ...claims }));
    doorsOf.set(role, openDoors(api, token));
  }
});

afterAll(async () => {
  await api.stop();
  await issuer.close();
  await database.drop();
});

/** What differs from one request to the next says nothing. */
function withoutIds(message: string, orderId: string): string {
  return message.replaceAll(orderId, "<id>").replace(/"trace_id":"\w+"/, "");
}

const door = (role: Role, name: string) => doorsOf.get(role)?.[name] as Door;
const admin = () => door("everything", "gRPC");

/** An order of c-1 for which the operation is the next one. */
async function orderFor(operation: Operation): Promise<{ id: string; version: bigint }> {
  const created = await admin().create(order);
  if (operation !== "IssueOrder" && operation !== "ReturnOrder") return created;
  return admin().change("MarkOrderReady", created.id);
}

/** Tries an operation, and sees to it that nothing has changed when it was refused. */
async function tryOut(operation: Operation, by: Door): Promise<Outcome> {
  const { id, version } = await orderFor(operation);
  const run: Partial<Record<Operation, () => Promise<unknown>>> = {
    CreateOrder: () => by.create(order),
    GetOrder: () => by.get(id),
    ListOrders: () => by.list(),
    WatchOrder: async () => by.watch?.(id),
  };
  try {
    const answer = await (run[operation] ?? (() => by.change(operation as TransitionType, id)))();
    if (!Array.isArray(answer)) return "done";
    return answer.some((each) => each.id === id) ? "done" : "none";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    expect((await admin().get(id)).version).toBe(version);
    return error.code as Outcome;
  }
}

describe.each(doorNames)("through %s", (name) => {
  // REST has no watches.
  test.each(operations.filter((operation) => name !== "REST" || operation !== "WatchOrder"))(
    "%s is done for those who may have it done, and for nobody else",
    async (operation) => {
      const outcomes: Record<string, Outcome> = {};
      for (const role of roleNames) outcomes[role] = await tryOut(operation, door(role, name));
      expect(outcomes).toEqual(matrix[operation]);
    },
  );

  test("another customer's order cannot be told from one that is not there", async () => {
    const { id } = await admin().create(order);
    const missing = `${id.slice(0, -4)}ffff`;
    const other = door("another customer", name);
    const messages = await Promise.all(
      [id, missing].map((each) => other.get(each).catch((error: Refused) => withoutIds(error.message, each))),
    );
    expect(messages[0]).toEqual(messages[1]);
    expect(messages[0]).toContain("there is no order <id>");
  });
});
