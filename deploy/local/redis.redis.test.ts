import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { redisUrl, uniquePrefix } from "../../test/support/redis.ts";
import { type RedisOptions, startRedis } from "./redis.ts";

async function valueAfterRestart(persistent: boolean): Promise<string | null> {
  const dataDir = mkdtempSync(join(tmpdir(), "redis-test-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const options: RedisOptions = { dataDir, port: 0, persistent };
  const key = `${uniquePrefix()}kept`;
  const first = await startRedis(options);
  const before = new Redis(first.url);
  await before.set(key, "value");
  before.disconnect();
  await first.stop();
  const second = await startRedis(options);
  const after = new Redis(second.url);
  const value = await after.get(key);
  after.disconnect();
  await second.stop();
  return value;
}

test("Redis keeps its keys over a restart when it is persistent, and only then", async () => {
  expect(await valueAfterRestart(true)).toBe("value");
  expect(await valueAfterRestart(false)).toBeNull();
});

test("a port in use is refused by its number", async () => {
  const port = Number(new URL(redisUrl()).port);
  const start = startRedis({ dataDir: "/nowhere", port });
  await expect(start).rejects.toThrow(`port ${port} for Redis is in use`);
});
