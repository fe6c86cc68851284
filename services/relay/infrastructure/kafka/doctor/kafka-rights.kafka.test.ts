import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate, temporaryFolder } from "../../../../../test/support/certificates.ts";
import { runKafkaTool } from "../../../../../test/support/kafka-tools.ts";
import { type SecureKafka, startSecureKafka } from "../../../../../test/support/secure-kafka.ts";
import type { KafkaSecurity } from "../../../../platform/kafka/kafka-security.ts";
import { examineServers, repairOf, worstOf } from "../../../testing/running-doctor.ts";

const topic = "orders-events";
let kafka: SecureKafka;
let security: KafkaSecurity;

beforeAll(async () => {
  const certificate = await makeCertificate(await temporaryFolder(afterAll), "broker", "DNS:localhost");
  kafka = await startSecureKafka(certificate, { relay: "secret" });
  await kafka.createTopics([topic]);
  const tls = { ca: certificate.cert.toString() };
  security = { tls, sasl: { mechanism: "scram-sha-512", username: "relay", password: "secret" } };
});

afterAll(() => kafka?.dispose());

/** What is printed names a listener where whoever repairs it may do so. */
const findings = () =>
  examineServers({
    area: "kafka",
    brokers: [kafka.brokers],
    security,
    topics: [topic],
    settings: { brokers: [kafka.plainBrokers], kafkaPrincipal: "User:relay" },
  });

test("what the relay may not do with its topic is found step by step, and the printed access control lists give it", async () => {
  const hidden = await findings();
  expect(worstOf(hidden, "brokers").status).toBe("ok");
  expect(worstOf(hidden, "topics")).toMatchObject({
    status: "skipped",
    found: expect.stringMatching(/may not know/),
  });
  expect(worstOf(hidden, "max.message.bytes")).toMatchObject({
    status: "skipped",
    found: expect.stringMatching(/DescribeConfigs/),
  });
  expect(worstOf(hidden, "socket.request.max.bytes")).toMatchObject({ status: "skipped" });

  await kafka.allow("relay", [["topic", topic, "READ"]]);
  const withoutWrite = worstOf(await findings(), "topic rights");
  expect(withoutWrite).toMatchObject({ status: "failed", found: expect.stringMatching(/may not Write/) });

  for (const command of repairOf(worstOf(hidden, "topic rights")).commands ?? []) await runKafkaTool(command);
  const after = await findings();
  expect(worstOf(after, "topic rights")).toMatchObject({ status: "ok" });
  expect(worstOf(after, "topics")).toMatchObject({ status: "ok" });
});
