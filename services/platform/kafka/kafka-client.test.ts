import { pino } from "pino";
import { expect, test } from "vitest";
import { createKafka } from "./kafka-client.ts";

function capture(write: (kafka: ReturnType<typeof createKafka>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "trace", base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  write(createKafka({ brokers: ["127.0.0.1:1"], clientId: "test", log }));
  return lines;
}

test("what kafkajs logs never carries a payload or a message", () => {
  const lines = capture((kafka) =>
    kafka.logger().error("Response failed", {
      broker: "b:9092",
      correlationId: 7,
      error: new Error("planted"),
      payload: Buffer.from("secret"),
      message: { value: "secret" },
      stack: "secret",
    }),
  );
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ broker: "b:9092", correlationId: 7, error: "planted" });
  expect(JSON.stringify(lines)).not.toContain("secret");
});

test("what kafkajs calls an error and tries again is a warning here, its progress is for debugging", () => {
  const lines = capture((kafka) => {
    kafka.logger().error("connection refused");
    kafka.logger().warn("rebalancing");
    kafka.logger().info("joined");
  });
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [40, "connection refused"],
    [40, "rebalancing"],
    [20, "joined"],
  ]);
});
