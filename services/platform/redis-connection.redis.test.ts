import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { redisUrl } from "../../test/support/redis.ts";
import { startTcpProxy } from "../../test/support/tcp-proxy.ts";
import { connectRedis } from "./redis-connection.ts";

/** A connection to a Redis that can be taken away. */
async function connectThroughProxy() {
  const url = new URL(redisUrl());
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const lines: { msg: string; err?: { message: string } }[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const connection = connectRedis({ server: { url: url.href }, name: "test", log });
  onTestFinished(async () => {
    await connection.close();
    await proxy.close();
  });
  await eventually(() => expect(connection.notReady()).toBeUndefined());
  return { connection, proxy, lines };
}

test("an outage is logged once with its reason, its end as well, and nothing is printed past the log", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => printed.mockRestore());
  const { connection, proxy, lines } = await connectThroughProxy();
  const attempts = vi.fn();
  connection.redis.on("reconnecting", attempts);
  proxy.cut();
  await eventually(() => expect(attempts.mock.calls.length).toBeGreaterThan(4));
  expect(connection.notReady()).toMatch(/redis is not reachable: (?!not connected)/);
  proxy.restore();
  await eventually(() => expect(connection.notReady()).toBeUndefined());
  expect(lines.map(({ msg }) => msg)).toEqual([
    "redis is ready",
    "redis is not reachable, trying again",
    "redis is ready",
  ]);
  expect(printed).not.toHaveBeenCalled();
});

test("a connection that died while it was idle is noticed within seconds, though nobody sends a command", async () => {
  const { connection, proxy } = await connectThroughProxy();
  proxy.stall();
  await eventually(() => expect(connection.notReady()).toContain("redis is not reachable"), {
    timeoutMs: 6_000,
  });
});

test("while it is being connected anew a command fails at once, and does not wait for the connection", async () => {
  const { connection, proxy } = await connectThroughProxy();
  proxy.cut();
  await eventually(() => expect(connection.redis.status).toBe("reconnecting"), { intervalMs: 1 });
  const answer = connection.redis.get("key").then(
    () => "answered",
    () => "refused",
  );
  const soon = new Promise((resolve) => setImmediate(resolve, "waiting"));
  expect(await Promise.race([answer, soon])).toBe("refused");
});
