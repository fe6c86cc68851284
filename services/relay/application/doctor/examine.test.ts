import { expect, test } from "vitest";
import { doctorSettings, healthyFacts } from "../../testing/doctor-facts.ts";
import { kafkaCheck, postgresCheck } from "./check.ts";
import { examine } from "./examine.ts";
import { type FactName, type FactReaders, FactUnreadable } from "./facts.ts";
import { type Finding, ok } from "./finding.ts";

const wal = postgresCheck("wal", ["server"], ({ server }) => ok(server.walLevel));
const role = postgresCheck("role", ["role", "server"], ({ role: { name } }) => ok(name));
const topics = kafkaCheck("topics", ["topics"], ({ topics: found }) => found.map(({ topic }) => ok(topic)));
const checks = [wal, role, topics];

const healthy = Object.fromEntries(
  Object.entries(healthyFacts).map(([name, facts]) => [name, async () => facts]),
) as unknown as FactReaders;

async function findings(readers: Partial<FactReaders>, examined = checks): Promise<Finding[]> {
  const all = examine({
    checks: examined,
    readers: { ...healthy, ...readers },
    settings: doctorSettings,
    timeoutMs: 50,
  });
  return Array.fromAsync(all);
}

const summary = (found: readonly Finding[]) =>
  found.map(({ check, status, found: what }) => [check, status, what]);

test("each finding has its check and its area, in the order of the checks", async () => {
  expect(await findings({})).toEqual([
    { area: "postgres", check: "wal", status: "ok", found: "logical" },
    { area: "postgres", check: "role", status: "ok", found: "outbox_relay" },
    { area: "kafka", check: "topics", status: "ok", found: "orders-events" },
  ]);
});

test("what never answers fails the checks that need it, after the time limit, and no others", async () => {
  const found = await findings({ role: () => new Promise(() => {}) });
  expect(summary(found)).toEqual([
    ["wal", "ok", "logical"],
    ["role", "failed", "this could not be looked at: no answer within 0.05 s"],
    ["topics", "ok", "orders-events"],
  ]);
});

test("what cannot be reached, or is hidden, skips the checks that need it, and says so", async () => {
  const found = await findings({
    role: () => Promise.reject(new FactUnreadable("denied", "permission denied for view x")),
    topics: () => Promise.reject(new FactUnreadable("unreachable", "no broker can be reached")),
  });
  expect(summary(found)).toEqual([
    ["wal", "ok", "logical"],
    ["role", "skipped", "permission denied for view x"],
    ["topics", "skipped", "no broker can be reached"],
  ]);
});

test("a reader that throws at once, and a check that does, hide nothing either", async () => {
  const broken = postgresCheck("broken", ["server"], () => {
    throw new Error("planted");
  });
  const throws = () => {
    throw new Error("at once");
  };
  expect(summary(await findings({ topics: throws }, [broken, wal, topics]))).toEqual([
    ["broken", "failed", "this could not be looked at: planted"],
    ["wal", "ok", "logical"],
    ["topics", "failed", "this could not be looked at: at once"],
  ]);
});

test("facts that several checks need are read once", async () => {
  const asked: FactName[] = [];
  await findings({
    async server() {
      asked.push("server");
      return healthyFacts.server;
    },
  });
  expect(asked).toEqual(["server"]);
});
