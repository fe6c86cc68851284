import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { outboxEvent } from "../services/relay/testing/events.ts";
import { insertRow } from "../services/relay/testing/outbox-rows.ts";
import { openPublisher, publishingClients } from "../services/relay/testing/publisher-under-test.ts";
import { examineServers } from "../services/relay/testing/running-doctor.ts";
import { makeCertificate, type TestCertificate, temporaryFolder } from "./support/certificates.ts";
import { createTestDatabase } from "./support/database.ts";
import { eventually } from "./support/eventually.ts";
import { produceRaw, readToEnd, readTopic, uniqueTopic } from "./support/kafka.ts";
import { redisUrl, uniquePrefix } from "./support/redis.ts";
import { spawnRelayProcess } from "./support/relay-process.ts";
import { type KafkaRight, type SecureKafka, startSecureKafka } from "./support/secure-kafka.ts";
import { spawnService } from "./support/service-process.ts";

const PASSWORD = "relay-pa55";
let certificate: TestCertificate;
let other: TestCertificate;
let kafka: SecureKafka;

beforeAll(async () => {
  const folder = await temporaryFolder(afterAll);
  certificate = await makeCertificate(folder, "broker", "DNS:localhost");
  other = await makeCertificate(folder, "other");
  kafka = await startSecureKafka(certificate, { relay: PASSWORD, projector: PASSWORD });
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

test("the projector reads its topic, commits to its group and writes dead letters, with rights to no more", async () => {
  const topic = uniqueTopic("secure");
  const group = `${topic}-projector`;
  await kafka.createTopics([topic, `${topic}.dlq`]);
  await kafka.allow("projector", [
    ["topic", topic, "DESCRIBE", "READ"],
    ["topic", `${topic}.dlq`, "DESCRIBE", "WRITE"],
    ["group", group, "READ"],
  ]);
  const projector = spawnService("projector", {
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TLS: "on",
    KAFKA_TLS_CA_FILE: certificate.certFile,
    KAFKA_SASL_MECHANISM: "scram-sha-512",
    KAFKA_SASL_USERNAME: "projector",
    KAFKA_SASL_PASSWORD: PASSWORD,
    REDIS_URL: redisUrl(),
    PROJECTOR_KEY_PREFIX: uniquePrefix(),
    PROJECTOR_TOPIC: topic,
    PROJECTOR_DLQ_TOPIC: `${topic}.dlq`,
    PROJECTOR_GROUP: group,
    OPS_PORT: "0",
  });
  onTestFinished(async () => void (await projector.end("SIGKILL")));
  await produceRaw(topic, [{ key: "k", value: "no event" }], kafka.plainBrokers);
  const [letter] = await readTopic(`${topic}.dlq`, {
    count: 1,
    brokers: kafka.plainBrokers,
    timeoutMs: 30_000,
  });
  expect(String(letter?.value)).toBe("no event");
  const { opsPort } = await projector.started();
  await eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    expect(response.status, await response.text()).toBe(200);
  });
  expect(await projector.end("SIGTERM")).toBe(0);
});

test("the doctor asks the brokers as the relay would, and sees what the relay may do", async () => {
  const topic = uniqueTopic("secure");
  await kafka.createTopics([topic]);
  await kafka.allow("relay", [["topic", topic, "DESCRIBE", "READ"]]);
  const examined = () =>
    examineServers({
      area: "kafka",
      brokers: [kafka.brokers],
      topics: [topic],
      security: {
        tls: { ca: String(certificate.cert) },
        sasl: { mechanism: "scram-sha-512", username: "relay", password: PASSWORD },
      },
    });
  const failures = async () => (await examined()).filter(({ status }) => status === "failed");
  expect(await failures()).toEqual([expect.objectContaining({ found: expect.stringMatching(/Write/) })]);
  await kafka.allow("relay", [["topic", topic, "WRITE"]]);
  expect(await failures()).toEqual([]);
});
