import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { makeCertificate, type TestCertificate, temporaryFolder } from "../../test/support/certificates.ts";
import { createTestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { readToEnd, readTopic, uniqueTopic } from "../../test/support/kafka.ts";
import { spawnRelayProcess } from "../../test/support/relay-process.ts";
import { type KafkaRight, type SecureKafka, startSecureKafka } from "../../test/support/secure-kafka.ts";
import { outboxEvent } from "./testing/events.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { openPublisher, publishingClients } from "./testing/publisher-under-test.ts";

const PASSWORD = "relay-pa55";
let certificate: TestCertificate;
let other: TestCertificate;
let kafka: SecureKafka;

beforeAll(async () => {
  const folder = await temporaryFolder(afterAll);
  certificate = await makeCertificate(folder, "broker", "DNS:localhost");
  other = await makeCertificate(folder, "other");
  kafka = await startSecureKafka(certificate, { relay: PASSWORD });
});
afterAll(() => kafka?.dispose());

async function startRelay(
  variables: Readonly<Record<string, string>>,
  operations: KafkaRight[2][] = ["DESCRIBE", "WRITE", "READ"],
) {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  const topic = uniqueTopic("secure");
  await kafka.createTopics([topic]);
  await kafka.allow("relay", [["topic", topic, ...operations]]);
  const relay = spawnRelayProcess("secure", {
    DATABASE_URL: database.relayUrl,
    RELAY_SLOT: `${database.name}_slot`,
    RELAY_TOPICS: `order=${topic}`,
    OPS_PORT: "0",
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TLS: "on",
    KAFKA_TLS_CA_FILE: certificate.certFile,
    KAFKA_SASL_MECHANISM: "scram-sha-512",
    KAFKA_SASL_USERNAME: "relay",
    KAFKA_SASL_PASSWORD: PASSWORD,
    ...variables,
  });
  onTestFinished(async () => {
    await relay.kill();
    await pool.end();
    await database.drop();
  });
  return { relay, topic, pool };
}

test.each(publishingClients)(
  "%s publishes over TLS, logged in, with rights on its topic alone",
  async (client) => {
    const { relay, topic, pool } = await startRelay({ KAFKA_CLIENT: client });
    await relay.ready();
    const ids = [await insertRow(pool), await insertRow(pool)];
    const records = await readTopic(topic, { count: 2, brokers: kafka.plainBrokers });
    expect(records.map(({ headers }) => headers.ce_id).sort()).toEqual(ids.sort());
    expect(await relay.stop()).toBe(0);
    expect(relay.lastLog().join("\n")).not.toContain(PASSWORD);
  },
);

test.each([
  [
    "an authority that did not sign the broker's certificate",
    () => ({ KAFKA_TLS_CA_FILE: other.certFile }),
    /certificate/,
  ],
  ["no authority of its own", () => ({ KAFKA_TLS_CA_FILE: "" }), /certificate/],
  [
    "a host name that the broker's certificate does not have",
    () => ({ KAFKA_BROKERS: kafka.brokers.replace("localhost", "127.0.0.1") }),
    /altname/,
  ],
  ["a wrong password", () => ({ KAFKA_SASL_PASSWORD: "wrong-pa55" }), /authentication/i],
  ["a user that there is not", () => ({ KAFKA_SASL_USERNAME: "nobody" }), /authentication/i],
])("with %s nothing is published, and the relay stays alive and says why", async (_, variables, reason) => {
  const { relay, topic, pool } = await startRelay(variables());
  await insertRow(pool);
  await eventually(async () => expect(await relay.notReady()).toMatch(reason), { timeoutMs: 20_000 });
  expect(relay.hasEnded).toBe(false);
  expect(relay.lastLog().join("\n")).not.toContain("-pa55");
  expect(await readToEnd(topic, { brokers: kafka.plainBrokers })).toEqual([]);
});

// In the relay the client that asks questions fails before the one that publishes is needed.
test.each(publishingClients)(
  "%s sends nothing to a broker whose certificate it cannot trust",
  async (client) => {
    const topic = uniqueTopic("secure");
    await kafka.createTopics([topic]);
    const lines: string[] = [];
    const publisher = await openPublisher({
      client,
      topic,
      brokers: [kafka.brokers],
      topicsAt: [kafka.plainBrokers],
      security: {
        tls: { ca: String(other.cert) },
        sasl: { mechanism: "scram-sha-512", username: "relay", password: PASSWORD },
      },
      log: pino({ level: "warn" }, { write: (line: string) => lines.push(line) }),
    });
    const publishing = publisher.publish([outboxEvent({})]).catch(() => {});
    await eventually(() => expect(lines.join("")).toMatch(/certificate/));
    await publisher.discard();
    await publishing;
    expect(await readToEnd(topic, { brokers: kafka.plainBrokers })).toEqual([]);
  },
);

test.each(publishingClients)(
  "%s without the right to write publishes nothing, stays alive and says why",
  async (client) => {
    const { relay, topic, pool } = await startRelay({ KAFKA_CLIENT: client }, ["DESCRIBE", "READ"]);
    const id = await insertRow(pool);
    await eventually(() => expect(relay.lastLog().join("\n")).toMatch(/authoriz/i), { timeoutMs: 20_000 });
    expect(relay.hasEnded).toBe(false);
    expect(await readToEnd(topic, { brokers: kafka.plainBrokers })).toEqual([]);
    await kafka.allow("relay", [["topic", topic, "WRITE"]]);
    const [record] = await readTopic(topic, { count: 1, brokers: kafka.plainBrokers, timeoutMs: 30_000 });
    expect(record?.headers.ce_id).toBe(id);
  },
);
