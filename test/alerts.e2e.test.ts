import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type RunningPrometheus, startPrometheus } from "../deploy/local/prometheus.ts";
import { type OrderRequest, openDoors } from "../services/api/testing/doors.ts";
import { eventually } from "./support/eventually.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";
import { type OwnKafka, openKafka } from "./support/own-servers.ts";

const rulesFolder = join(import.meta.dirname, "..", "deploy", "prometheus", "rules");
const order: OrderRequest = {
  customerId: "c-1",
  pickupPointId: "p-7",
  currency: "EUR",
  lines: [{ sku: "book", quantity: 1n, unitPriceMinor: 1990n }],
};

let folder: string;
let kafka: OwnKafka;
let system: OrderSystem;
let prometheus: RunningPrometheus;
let opsUrls: string[];
let placeOrder: () => Promise<unknown>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "outbox-orders-alerts-"));
  kafka = await openKafka();
  const variables = { KAFKA_BROKERS: kafka.brokers };
  system = await startOrderSystem({ variables: { relay: variables, projector: variables } });
  const { REST } = openDoors(system);
  placeOrder = async () => REST?.create(order);
  const { api, relay, projector } = system.processes;
  const target = async (service: typeof api) => [`127.0.0.1:${(await service.started()).opsPort}`];
  const targets = {
    "outbox-relay": await target(relay),
    "orders-projector": await target(projector),
    "orders-api": await target(api),
  };
  opsUrls = Object.values(targets).map(([address]) => `http://${address}`);
  // The rules as they are, asked every second.
  prometheus = await startPrometheus({ dataDir: folder, port: 0, interval: "1s", targets });
}, 90_000);

afterAll(async () => {
  await prometheus?.stop();
  await system?.stop();
  await kafka?.dispose();
  await rm(folder, { recursive: true, force: true });
});

test("each metric that the rules name is exposed by a service", async () => {
  const exposed = new Set(["up"]);
  for (const url of opsUrls) {
    const text = await (await fetch(`${url}/metrics`)).text();
    for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      const names = type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
      for (const each of names) exposed.add(each);
    }
  }
  const named = await metricsNamedByRules();
  expect(named).toContain("outbox_slot_safe_wal_bytes");
  expect(named.filter((name) => !exposed.has(name))).toEqual([]);
});

test("while all goes well there is no alert, not even a pending one", async () => {
  await placeOrder();
  await eventually(
    async () => {
      expect(await query("count(up == 1)")).toBe("3");
      expect(await query("sum(outbox_publish_latency_seconds_count)")).toBe("1");
      expect(await query("job:outbox_publish_late:ratio_rate5m")).toBe("0");
      expect(await alerts()).toEqual([]);
    },
    { timeoutMs: 25_000, intervalMs: 200 },
  );
});

test("Kafka is stopped: the page for events that do not get out comes; Kafka is back: it goes", async () => {
  await kafka.stop("SIGKILL");
  await placeOrder();
  const page = await eventually(
    async () => {
      const found = (await alerts()).find(({ name, state }) => name === PAGE && state === "firing");
      if (!found) throw new Error(`no page; there are ${JSON.stringify(await alerts())}`);
      return found;
    },
    { timeoutMs: 75_000, intervalMs: 200 },
  );
  expect(page).toMatchObject({ severity: "critical", runbook: `docs/runbooks/${PAGE}.md` });
  expect(page.description).toMatch(
    /^The oldest event that outbox-relay has not published is [3-9]\d\.?\d*s old\./,
  );

  await kafka.start();
  await eventually(async () => expect((await alerts()).map(({ name }) => name)).not.toContain(PAGE), {
    timeoutMs: 30_000,
    intervalMs: 200,
  });
  expect(await unpublished()).toBe(0);
}, 120_000);

const PAGE = "OutboxOldestUnpublishedTooOld";

/** Every metric in an expression, but for those that a rule records. */
async function metricsNamedByRules(): Promise<string[]> {
  const names = new Set<string>();
  for (const file of await readdir(rulesFolder)) {
    const { groups } = parse(await readFile(join(rulesFolder, file), "utf8"));
    for (const { expr } of groups.flatMap((group: { rules: { expr: string }[] }) => group.rules)) {
      const withoutLabels = expr
        .replaceAll(/"[^"]*"/g, "")
        .replaceAll(/\{[^}]*\}/g, "")
        .replaceAll(/\b(by|on|ignoring|without)\s*\([^)]*\)/g, "");
      for (const [name] of withoutLabels.matchAll(/(?<![\w:])[a-z]+(_[a-z]+)+(?![\w:]|\s*\()/g))
        names.add(name);
    }
  }
  return [...names];
}

async function alerts() {
  const { data } = (await (await fetch(`${prometheus.url}/api/v1/alerts`)).json()) as {
    data: {
      alerts: { labels: Record<string, string>; annotations: Record<string, string>; state: string }[];
    };
  };
  return data.alerts.map(({ labels, annotations, state }) => ({
    name: labels.alertname,
    severity: labels.severity,
    state,
    description: annotations.description,
    runbook: annotations.runbook_url,
  }));
}

/** The only value of the answer, or undefined. */
async function query(expr: string): Promise<string | undefined> {
  const url = `${prometheus.url}/api/v1/query?${new URLSearchParams({ query: expr })}`;
  const { data } = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
  return data.result[0]?.value[1];
}

async function unpublished(): Promise<number> {
  const client = new pg.Client({ connectionString: system.database.ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query("select count(*)::int from outbox_status where status = 'new'");
    return rows[0].count;
  } finally {
    await client.end();
  }
}
