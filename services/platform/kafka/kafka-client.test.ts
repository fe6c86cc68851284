import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { createKafka } from "./kafka-client.ts";

function capture(write: (kafka: ReturnType<typeof createKafka>) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "trace", base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  write(createKafka({ brokers: ["127.0.0.1:1"], clientId: "test", security: {}, log }));
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

test("a broker that cannot be reached is tried again for as long as it takes, and nothing is given up", async () => {
  let tries = 0;
  const broker = createServer((socket) => {
    tries += 1;
    socket.destroy();
  });
  broker.listen(0, "127.0.0.1");
  await once(broker, "listening");
  onTestFinished(() => void broker.close());
  // Nothing else can call the client off: with the timers its retries go.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { port } = broker.address() as AddressInfo;
  const kafka = createKafka({
    brokers: [`127.0.0.1:${port}`],
    clientId: "test",
    security: {},
    log: pino({ level: "silent" }),
  });
  let gaveUp: unknown;
  kafka
    .producer()
    .connect()
    .catch((error) => {
      gaveUp = error;
    });
  // Left to itself kafkajs gives up after 6 tries, for which it takes 10 s.
  for (let seconds = 0; tries < 40; seconds += 2) {
    expect(gaveUp).toBeUndefined();
    expect(seconds).toBeLessThan(200);
    await vi.advanceTimersByTimeAsync(2_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
});
