import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTopic, kafkaBrokers, produceRaw, readTopic, uniqueTopic } from "../../test/support/kafka.ts";
import { startKafka } from "./kafka.ts";

test("a record that was acked is there after the broker was killed and started again", {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const options = { dataDir: folder, port: 0, log: () => {} };

  const first = await startKafka(options);
  onTestFinished(() => first.stop());
  const topic = uniqueTopic("crash");
  await createTopic({ topic, partitions: 1, brokers: first.brokers });
  await produceRaw(topic, [{ key: "k", value: "acked" }], first.brokers);
  await first.stop("SIGKILL");
  expect(await first.exited).toBe("SIGKILL");

  const second = await startKafka({ ...options, port: first.port });
  onTestFinished(() => second.stop());
  const [record] = await readTopic(topic, { count: 1, brokers: second.brokers });
  expect(record?.value.toString()).toBe("acked");
});

test("a port in use is refused by its number", async () => {
  const port = Number(kafkaBrokers()[0]?.split(":")[1]);
  const start = startKafka({ dataDir: "/nowhere", port, log: () => {} });
  await expect(start).rejects.toThrow(`port ${port} for Kafka is in use`);
});
