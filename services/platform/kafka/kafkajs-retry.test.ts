import { createServer } from "node:net";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createKafka } from "./kafka-client.ts";

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("each try of kafkajs that fails is told of, though it tries again by itself", async () => {
  const failed: unknown[] = [];
  const kafka = createKafka({
    brokers: [`127.0.0.1:${await closedPort()}`],
    clientId: "test",
    security: {},
    log: pino({ level: "silent" }),
    retry: { retries: 2, initialRetryTime: 1, maxRetryTime: 5 },
    onFailedTry: (error) => failed.push(error),
  });
  const admin = kafka.admin();
  await expect(admin.connect()).rejects.toThrow();
  await admin.disconnect();
  expect(failed.length).toBeGreaterThanOrEqual(3);
  expect(failed[0]).toMatchObject({ name: "KafkaJSConnectionError", code: "ECONNREFUSED" });
});
