import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type CliRun, startRelayCli } from "../services/relay/testing/running-cli.ts";
import { commands } from "../services/relay/transport/cli/commands.ts";
import { eventually } from "./support/eventually.ts";
import { kafkaBrokers, readToEnd } from "./support/kafka.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";
import { placeOrder } from "./support/place-order.ts";
import { redisUrl } from "./support/redis.ts";

// The whole system as a platform team sets it up: migrated by the owner, each service and the person at the command line under a role of
// its own. What each of them is refused is asked, one by one, in sql/rights.pg.test.ts.

let system: OrderSystem;
let pool: pg.Pool;
let redis: Redis;
let name: string;
let letters: readonly string[];
let orderId: string;

// Each command is a process of its own.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(async () => {
  system = await startOrderSystem();
  pool = new pg.Pool({ connectionString: system.database.ownerUrl, application_name: "test" });
  redis = new Redis(redisUrl());
  name = `${system.database.name}_slot`;
  orderId = await placeOrder(system.restUrl);
  await projected(orderId);
  letters = [await makeLetter(), await makeLetter()];
});

afterAll(async () => {
  redis?.disconnect();
  await pool?.end();
  await system?.stop();
});

async function projected(id: string): Promise<void> {
  await eventually(
    async () => expect(await redis.hget(`${system.keyPrefix}order:{${id}}`, "version")).toBe("1"),
    { timeoutMs: 30_000 },
  );
}

/** An event of a type that has no topic, written by the API's role. */
async function makeLetter(): Promise<string> {
  const id = randomUUID();
  const client = new pg.Client({ connectionString: system.database.apiUrl });
  await client.connect();
  await client.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload)
     values ($1::uuid, 'nowhere', $1::text, 1, 'Lost', '{}')`,
    [id],
  );
  await client.end();
  await eventually(
    async () => {
      const { rows } = await pool.query(
        "select from outbox_dead_letter where id = $1 and reason is not null",
        [id],
      );
      expect(rows).toHaveLength(1);
    },
    { timeoutMs: 20_000 },
  );
  return id;
}

function outbox(as: "operator" | "api", args: readonly string[]): Promise<CliRun> {
  const { operatorUrl, apiUrl } = system.database;
  const { ended, end } = startRelayCli(args, {
    DATABASE_URL: as === "operator" ? operatorUrl : apiUrl,
    KAFKA_BROKERS: kafkaBrokers().join(),
    RELAY_SLOT: name,
    RELAY_TOPICS: `order=${system.topic}`,
  });
  if (args[0] !== "watch") return ended;
  // It goes on until it is told to end.
  const timer = setTimeout(() => end("SIGINT"), 3_000);
  return ended.finally(() => clearTimeout(timer));
}

test("each service is connected as its own role, and the projector not at all", async () => {
  const { rows } = await pool.query(
    `select distinct usename as role, application_name as name from pg_stat_activity
      where datname = current_database() and application_name <> 'test' order by 1, 2`,
  );
  const roles = new Set(rows.map(({ role }) => role));
  expect([...roles]).toEqual(["orders_api", "outbox_relay"]);
  for (const each of rows) {
    expect(each.name).toMatch(each.role === "orders_api" ? /api/ : /^outbox-relay orders/);
  }
});

/** What an operator types; in an order in which each finds what it needs. */
const typed: readonly (readonly [command: string, args: () => string[], exitCode: number])[] = [
  // Letters are trouble enough for a 1.
  ["status", () => [], 1],
  ["watch", () => [], 0],
  ["history", () => [], 0],
  ["dead-letters list", () => [], 0],
  ["dead-letters show", () => [letters[0] ?? ""], 0],
  // It has no topic still.
  ["dead-letters retry", () => [letters[0] ?? ""], 1],
  ["dead-letters discard", () => [letters[1] ?? "", "--yes"], 0],
  ["mode", () => ["polling"], 0],
  ["mode", () => ["default"], 0],
  ["drain", () => ["--timeout", "30"], 0],
  ["replay", () => ["--key", orderId, "--yes"], 0],
  ["pause", () => ["--reason", "a drill"], 0],
  ["slot advance", () => ["--yes"], 0],
  ["slot drop", () => ["--yes"], 0],
  ["slot create", () => [], 0],
  ["resume", () => [], 0],
  ["reset", () => ["--adopt", "--yes"], 0],
];

test("the list below has each command that there is", () => {
  expect([...new Set(["doctor", ...typed.map(([command]) => command)])].toSorted()).toEqual(
    commands.map((command) => command.name).toSorted(),
  );
});

describe("with the role of the API, which is none of a person's", () => {
  // `watch` goes on asking, and says each time what it was told.
  test.each(typed.filter(([command]) => command !== "watch"))(
    "`outbox %s` is refused",
    async (command, args) => {
      const run = await outbox("api", [...command.split(" "), ...args()]);
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toMatch(/permission denied for .*; use the role outbox_operator/);
    },
  );
});

describe("with the role of the operator", () => {
  test.each(typed)("`outbox %s` does what it is there for", async (command, args, exitCode) => {
    const run = await outbox("operator", [...command.split(" "), ...args()]);
    expect(run.stdout + run.stderr).not.toMatch(/permission denied|may not see/);
    expect(run, run.stdout + run.stderr).toMatchObject({ exitCode });
  });

  test("`outbox doctor --role` judges the relay's rights, and sees all that it asks for", async () => {
    const { stdout } = await outbox("operator", ["doctor", "--role", "outbox_relay", "--json"]);
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; status: string; found: string }[];
    };
    expect(
      findings.filter(({ found }) => /may not|permission denied|could not be looked at/.test(found)),
    ).toEqual([]);
    for (const check of ["rights", "replication right"]) {
      expect(findings.filter((each) => each.check === check)).toEqual([
        expect.objectContaining({ status: "ok", found: expect.stringContaining("role outbox_relay") }),
      ]);
    }
    const own = await outbox("operator", ["doctor", "--json"]);
    expect(JSON.parse(own.stdout).findings).toContainEqual(
      expect.objectContaining({
        check: "rights",
        status: "failed",
        found: expect.stringContaining("outbox_operator lacks"),
      }),
    );
  });

  test("what it has changed is in the history, with who did it", async () => {
    const { rows } = await pool.query(
      "select distinct command from relay_history where who is not null order by 1",
    );
    expect(rows.map(({ command }) => command)).toEqual([
      "dead-letters discard",
      "dead-letters retry",
      "mode",
      "pause",
      "replay",
      "reset",
      "resume",
      "slot advance",
      "slot create",
      "slot drop",
    ]);
  });
});

test("after all of it an order still goes its whole way, and the topic has it once", async () => {
  const id = await placeOrder(system.restUrl);
  await projected(id);
  expect((await readToEnd(system.topic)).filter(({ key }) => key === id)).toHaveLength(1);
});
