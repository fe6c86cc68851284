import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningPrometheus, startPrometheus } from "../deploy/local/prometheus.ts";
import { openDoors } from "../services/api/testing/doors.ts";
import { eventually } from "./support/eventually.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";
import { startOwnDatabase } from "./support/own-database.ts";
import { labelValues, query, type Sample } from "./support/prometheus-query.ts";

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query?: string | { query: string } }[];
  };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

const file = new URL("../deploy/grafana/dashboards/outbox.json", import.meta.url);
const dashboard = JSON.parse(await readFile(file, "utf8")) as Dashboard;

/** What this system does not have, and so cannot answer for. */
const withoutData = {
  "Signing keys read": "AUTH is off",
  "Certificate expires in": "there is no TLS",
};

let system: OrderSystem;
let prometheus: RunningPrometheus;
let folder: string;
let stopLoad: () => Promise<void>;
/** When all has been scraped often enough. */
let answersBy = 0;

beforeAll(async () => {
  // A limit, or there would be no safe WAL to tell of.
  system = await startOrderSystem({
    async createDatabase() {
      const own = await startOwnDatabase({ max_slot_wal_keep_size: "1GB" });
      return { ...own, drop: own.dispose };
    },
  });
  const { api, relay, projector } = system.processes;
  const target = async (service: typeof api) => [`127.0.0.1:${(await service.started()).opsPort}`];
  folder = await mkdtemp(join(tmpdir(), "outbox-orders-dashboard-"));
  prometheus = await startPrometheus({
    dataDir: folder,
    port: 0,
    interval: "1s",
    targets: {
      "outbox-relay": await target(relay),
      "orders-api": await target(api),
      "orders-projector": await target(projector),
    },
  });
  stopLoad = placeOrders(system);
  answersBy = Date.now() + 30_000;
}, 120_000);

afterAll(async () => {
  await stopLoad?.();
  await prometheus?.stop();
  await system?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const panels = dashboard.panels.filter(({ targets = [] }) => targets.length > 0);

test.each(panels.map(({ title, targets = [] }) => [title, targets.map(({ expr }) => expr)] as const))(
  "the panel %s has data, or is known to have none here",
  async (title, expressions) => {
    for (const expr of expressions) {
      if (title in withoutData) expect(await ask(expr)).toEqual([]);
      else await untilAnswered(expr);
    }
  },
  60_000,
);

test("each choice at the top offers the job of its service", async () => {
  const choices = dashboard.templating.list.flatMap(({ name, query: from }) =>
    typeof from === "object" ? [[name, from.query] as const] : [],
  );
  const offered = choices.map(async ([name, text]) => {
    const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(text) ?? [];
    return [name, await labelValues(prometheus.url, label, metric)];
  });
  expect(Object.fromEntries(await Promise.all(offered))).toEqual({
    relay: ["outbox-relay"],
    api: ["orders-api"],
    projector: ["orders-projector"],
  });
});

test("the annotations are asked of series that are there before anything happened", async () => {
  for (const { expr } of dashboard.annotations.list) {
    const anyValue = expr.replace(/ > 0$/, "");
    expect(anyValue).not.toBe(expr);
    await untilAnswered(anyValue);
  }
});

/** As Grafana would, with everything chosen. */
function ask(expr: string): Promise<Sample[]> {
  const replaced = expr.replaceAll("$__rate_interval", "15s").replaceAll(/\$(relay|api|projector)\b/g, ".+");
  expect(replaced).not.toContain("$");
  return query(prometheus.url, replaced);
}

function untilAnswered(expr: string): Promise<void> {
  const timeoutMs = Math.max(1_000, answersBy - Date.now());
  return eventually(async () => expect(numbers(await ask(expr)), expr).not.toEqual([]), { timeoutMs });
}

const numbers = (samples: readonly Sample[]) => samples.map(({ value }) => value).filter(Number.isFinite);

/** A little of everything, through both doors, until it is stopped. */
function placeOrders(running: OrderSystem): () => Promise<void> {
  const doors = openDoors(running);
  const stop = new AbortController();
  const lines = [{ sku: "book", quantity: 1n, unitPriceMinor: 1990n }];
  const request = { customerId: "c-1", pickupPointId: "p-7", currency: "EUR", lines };
  const working = (async () => {
    while (!stop.signal.aborted) {
      for (const door of [doors.REST, doors.gRPC]) {
        const order = await door?.create(request);
        await door?.get(order?.id ?? "");
        await door?.get(order?.id ?? "");
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return async () => {
    stop.abort();
    await working;
  };
}
