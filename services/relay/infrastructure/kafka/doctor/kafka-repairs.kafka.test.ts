import { beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../../../test/support/eventually.ts";
import { createTopic, kafkaBrokers, uniqueTopic } from "../../../../../test/support/kafka.ts";
import { runKafkaTool } from "../../../../../test/support/kafka-tools.ts";
import type { DoctorSettings } from "../../../application/doctor/facts.ts";
import type { Finding } from "../../../application/doctor/finding.ts";
import { examineServers, repairOf, worstOf } from "../../../testing/running-doctor.ts";
import { setTopic } from "../../../testing/topic-settings.ts";

let topic: string;

beforeEach(() => {
  topic = uniqueTopic("doctor");
});

function findings(settings: Partial<DoctorSettings> = {}, brokers = kafkaBrokers()): Promise<Finding[]> {
  return examineServers({ area: "kafka", brokers, topics: [topic], settings });
}

test("of a topic as the broker makes it, a single copy is all there is to complain of where there is one broker", async () => {
  await createTopic({ topic, partitions: 3 });
  const found = await findings();
  const problems = found.filter(({ status }) => status !== "ok");
  expect(problems.map(({ check }) => check)).toEqual(["replication factor"]);
  expect(worstOf(found, "topics").found).toBe(`${topic} has 3 partitions`);
});

test("a topic that is missing is no fault as long as the relay can make it, and asking makes none", async () => {
  expect(worstOf(await findings(), "topics")).toMatchObject({
    status: "ok",
    found: expect.stringMatching(/is missing: the relay makes it/),
  });
  expect(worstOf(await findings(), "topics").found).toMatch(/is missing/);
});

test("a topic that the relay could not make is found by a trial; with a setting that the broker takes, it can", async () => {
  const found = worstOf(await findings({ topicReplication: 3 }), "topics");
  expect(found).toMatchObject({
    status: "failed",
    found: expect.stringMatching(/cannot make it: .*replication factor/i),
  });
  expect(repairOf(found).commands).toEqual([
    `kafka-topics.sh --bootstrap-server ${kafkaBrokers()} --create --topic ${topic} --partitions 6 --replication-factor 3`,
  ]);
  expect(worstOf(await findings({ topicReplication: 1 }), "topics").status).toBe("ok");
});

describe.each<[check: string, status: Finding["status"], name: string, value: string]>([
  ["cleanup.policy", "failed", "cleanup.policy", "compact"],
  ["min.insync.replicas", "failed", "min.insync.replicas", "2"],
  ["max.message.bytes", "failed", "max.message.bytes", "1000"],
  ["max.message.bytes", "warning", "max.message.bytes", "500000"],
  ["retention", "warning", "retention.ms", "60000"],
  ["message.timestamp.type", "warning", "message.timestamp.before.max.ms", "1000"],
  ["message.timestamp.type", "warning", "message.timestamp.after.max.ms", "1000"],
  ["unclean leader election", "warning", "unclean.leader.election.enable", "true"],
])("%s, %s: %s=%s", (check, status, name, value) => {
  test("is found, and the printed command of Kafka's own tool repairs it", async () => {
    await setTopic(topic, { [name]: value });
    const found = worstOf(await findings(), check);
    expect(found.status).toBe(status);
    const { commands = [] } = repairOf(found);
    expect(commands).toHaveLength(1);
    for (const command of commands) await runKafkaTool(command);
    await eventually(async () => {
      expect(worstOf(await findings(), check)).toMatchObject({ status: "ok" });
    });
  });
});

test("a limit for events that a broker would hang up on is found, and the printed setting repairs it", async () => {
  const found = worstOf(await findings({ maxEventBytes: 200_000_000 }), "socket.request.max.bytes");
  expect(found.status).toBe("failed");
  const [, bytes] = /RELAY_MAX_EVENT_BYTES=(\d+)/.exec(repairOf(found).note ?? "") ?? [];
  expect(worstOf(await findings({ maxEventBytes: Number(bytes) }), "socket.request.max.bytes").status).toBe(
    "ok",
  );
});

test("a broker that does not answer is told of beside those that do; with none, each is", async () => {
  await createTopic({ topic, partitions: 1 });
  const one = await findings({}, ["127.0.0.1:1", ...kafkaBrokers()]);
  expect(worstOf(one, "brokers")).toMatchObject({
    status: "warning",
    found: expect.stringMatching(/127\.0\.0\.1:1.*ECONNREFUSED/),
  });
  expect(worstOf(one, "topics").status).toBe("ok");
  const none = await findings({}, ["127.0.0.1:1"]);
  expect(worstOf(none, "brokers").status).toBe("failed");
  expect(worstOf(none, "topics")).toMatchObject({ status: "skipped", found: "no broker can be reached" });
});
