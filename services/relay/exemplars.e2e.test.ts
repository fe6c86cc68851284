import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { startPrometheus } from "../../deploy/local/prometheus.ts";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { uniqueTopic } from "../../test/support/kafka.ts";
import { isReady, startRelay } from "./testing/running-relay.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";

test("a real Prometheus reads the relay's metrics as OpenMetrics, and has the trace of an event beside its latency", async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const relay = await startRelay({
    databaseUrl: database.relayUrl,
    slot: `${database.name}_slot`,
    topic: uniqueTopic("orders-events"),
  });
  onTestFinished(() => relay.stop());
  await isReady(relay);
  const dataDir = await mkdtemp(join(tmpdir(), "prometheus-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const targets = { "outbox-relay": [new URL(relay.opsUrl).host], "orders-api": [], "orders-projector": [] };
  const prometheus = await startPrometheus({ dataDir, port: 0, targets, interval: "1s" });
  onTestFinished(() => prometheus.stop());

  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  onTestFinished(() => pool.end());
  await pool.query(
    `insert into outbox (id, aggregate_type, aggregate_id, aggregate_version, event_type, payload, headers)
     values (gen_random_uuid(), 'order', 'a', 1, 'OrderCreated', '{}', $1)`,
    [{ traceparent: `00-${traceId}-b7ad6b7169203331-01` }],
  );

  const ask = async (path: string) =>
    (await (await fetch(`${prometheus.url}/api/v1/${path}`)).json()) as never;
  await eventually(
    async () => {
      const query = encodeURIComponent("outbox_publish_latency_seconds_bucket");
      const end = Date.now() / 1_000 + 60;
      const found: { data: { exemplars: { labels: object }[] }[] } = await ask(
        `query_exemplars?query=${query}&start=${end - 600}&end=${end}`,
      );
      const labels = found.data.flatMap(({ exemplars }) => exemplars.map((each) => each.labels));
      expect(labels).toContainEqual({ trace_id: traceId });
    },
    { timeoutMs: 20_000 },
  );
  const { data }: { data: { activeTargets: { health: string; lastError: string }[] } } =
    await ask("targets?state=active");
  expect(data.activeTargets).toMatchObject([{ health: "up", lastError: "" }]);
  const counted: { data: { result: { value: [number, string] }[] } } = await ask(
    "query?query=sum(outbox_events_published_total)",
  );
  expect(counted.data.result.map(({ value }) => value[1])).toEqual(["1"]);
});
