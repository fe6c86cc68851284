import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createTemplateDatabase } from "./setup/template-database.ts";
import { makeCertificate, type TestCertificate, temporaryFolder } from "./support/certificates.ts";
import { withDatabase } from "./support/database.ts";
import { eventually } from "./support/eventually.ts";
import { createTopic, kafkaBrokers, readTopic, uniqueTopic } from "./support/kafka.ts";
import type { OwnPostgres } from "./support/own-servers.ts";
import { placeOrder } from "./support/place-order.ts";
import { startSecurePostgres } from "./support/secure-postgres.ts";
import { type ServiceProcess, spawnService } from "./support/service-process.ts";

const DATABASE = "orders";
let certificate: TestCertificate;
let other: TestCertificate;
let postgres: OwnPostgres;

beforeAll(async () => {
  const folder = await temporaryFolder(afterAll);
  certificate = await makeCertificate(folder, "server", "DNS:localhost");
  other = await makeCertificate(folder, "other", "DNS:localhost");
  postgres = await startSecurePostgres(certificate);
  await createTemplateDatabase(postgres.url, DATABASE);
});
afterAll(() => postgres?.dispose());

function urlOf(role: "orders_api" | "outbox_relay", ca: TestCertificate, host = "localhost"): string {
  const url = new URL(withDatabase(postgres.url, DATABASE, role));
  url.hostname = host;
  url.search = new URLSearchParams({ sslmode: "verify-full", sslrootcert: ca.certFile }).toString();
  return url.href;
}

function spawnApi(databaseUrl: string) {
  return spawn("api", { DATABASE_URL: databaseUrl, AUTH: "off", API_PORT: "0", API_GRPC_PORT: "0" });
}

function spawnRelay(databaseUrl: string, topic: string) {
  return spawn("relay", {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: kafkaBrokers().join(),
    RELAY_SLOT: "outbox_relay",
    RELAY_TOPICS: `order=${topic}`,
  });
}

function spawn(name: "api" | "relay", variables: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  const service = spawnService(name, { OPS_PORT: "0", ...variables }, (line) => lines.push(line));
  onTestFinished(async () => void (await service.end("SIGKILL")));
  return { service, log: () => lines.join("\n") };
}

async function readiness(service: ServiceProcess): Promise<{ status: number; text: string }> {
  const { opsPort } = await service.started();
  const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
  return { status: response.status, text: await response.text() };
}

test("all connections of API and relay are encrypted, the walsender's too", async () => {
  const topic = uniqueTopic("tls");
  await createTopic({ topic, partitions: 1 });
  const api = spawnApi(urlOf("orders_api", certificate));
  const relay = spawnRelay(urlOf("outbox_relay", certificate), topic);
  const { httpPort } = await api.service.started();
  await placeOrder(`http://127.0.0.1:${httpPort}`);
  await readTopic(topic, { count: 1 });

  const client = new pg.Client({ connectionString: withDatabase(postgres.url, DATABASE) });
  await client.connect();
  onTestFinished(() => client.end());
  // What was written before the relay reads the WAL comes from the table.
  await eventually(async () => {
    const { rows } = await client.query(
      `select backend_type, ssl, count(*)::int from pg_stat_ssl join pg_stat_activity using (pid)
        where usename in ('orders_api', 'outbox_relay') group by 1, 2 order by 1`,
    );
    expect(rows).toEqual([
      { backend_type: "client backend", ssl: true, count: expect.any(Number) },
      { backend_type: "walsender", ssl: true, count: 1 },
    ]);
  });
  expect(await relay.service.end("SIGTERM")).toBe(0);
});

test.each([
  ["an authority that did not sign its certificate", () => [other, "localhost"] as const, /certificate/],
  ["a host name that its certificate does not have", () => [certificate, "127.0.0.1"] as const, /altname/],
])("a server with %s is refused, and the services stay alive and say why", async (_, server, reason) => {
  const [ca, host] = server();
  const relay = spawnRelay(urlOf("outbox_relay", ca, host), uniqueTopic("tls"));
  const api = spawnApi(urlOf("orders_api", ca, host));
  await eventually(async () => {
    const { status, text } = await readiness(relay.service);
    expect(status).toBe(503);
    expect(text).toMatch(reason);
  });
  await eventually(async () => {
    expect((await readiness(api.service)).status).toBe(503);
    expect(api.log()).toMatch(reason);
  });
});
