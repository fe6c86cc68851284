import { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { redisUrl, uniquePrefix } from "../../../../test/support/redis.ts";
import { startTcpProxy } from "../../../../test/support/tcp-proxy.ts";
import { connectRedis } from "../../../platform/redis-connection.ts";
import { createOrderHints } from "./order-hints.ts";

let publisher: Redis;
beforeAll(() => {
  publisher = new Redis(redisUrl());
});
afterAll(() => publisher.disconnect());

async function createScene(account?: { username: string; password: string }) {
  const url = new URL(redisUrl());
  if (account) Object.assign(url, account);
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const lines: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
  const connection = connectRedis({
    server: { url: url.href },
    name: "test",
    log,
    autoResubscribe: false,
  });
  onTestFinished(async () => {
    await connection.close();
    await proxy.close();
  });
  const hints = createOrderHints(connection.redis, log);
  const channel = `${uniquePrefix()}order-changed:{1}`;
  let rung = 0;
  const listen = () => hints.listen(channel, () => rung++);
  const subscribers = async () => ((await publisher.pubsub("SHARDNUMSUB", channel)) as [string, number])[1];
  /** Resolves when it has rung since it was called, whatever `cause` does. */
  const ringsAfter = async (cause: () => unknown) => {
    const before = rung;
    await cause();
    await eventually(() => expect(rung).toBeGreaterThan(before));
  };
  const publish = () => publisher.spublish(channel, "2");
  return { connection, proxy, listen, subscribers, ringsAfter, publish, lines, count: () => rung };
}

test("who listens is told when it is heard from then on, and of each message", async () => {
  const { connection, listen, ringsAfter, publish } = await createScene();
  await eventually(() => expect(connection.redis.status).toBe("ready"));
  await ringsAfter(listen);
  await ringsAfter(publish);
  await ringsAfter(publish);
});

test("who listened before there was a connection, or while it was lost, is told when there is one", async () => {
  const { connection, proxy, listen, ringsAfter, publish } = await createScene();
  await ringsAfter(listen); // still connecting
  await ringsAfter(() => proxy.cut());
  await publish(); // nobody hears it
  await eventually(() => expect(connection.redis.status).toBe("reconnecting"));
  await ringsAfter(() => proxy.restore());
  await ringsAfter(publish);
});

test("a connection that died in silence is found, and who listens is told", async () => {
  const { proxy, listen, ringsAfter } = await createScene();
  await ringsAfter(listen);
  await ringsAfter(() => proxy.stall());
});

test("the channel is given up with the last who listens, and can be taken up again at once", async () => {
  const { listen, subscribers, ringsAfter, publish, count } = await createScene();
  const ends: (() => void)[] = [];
  await ringsAfter(() => {
    for (let i = 0; i < 3; i++) ends.push(listen());
  });
  expect(await subscribers()).toBe(1);
  ends.pop()?.();
  await ringsAfter(publish); // the others still listen
  for (const end of ends) end();
  await eventually(async () => expect(await subscribers()).toBe(0));
  await publish();
  const before = count();
  for (let i = 0; i < 20; i++) listen()();
  const end = listen();
  await eventually(() => expect(count()).toBeGreaterThan(before));
  await ringsAfter(publish);
  end();
  end(); // twice does no harm
  await eventually(async () => expect(await subscribers()).toBe(0));
});

test("a Redis that refuses the channel is logged once, and who listens looks without hints", async () => {
  const [username, password] = [`${uniquePrefix()}no-channels`, "secret"];
  await publisher.acl("SETUSER", username, "on", `>${password}`, "+@all", "~*", "resetchannels");
  onTestFinished(async () => void (await publisher.acl("DELUSER", username)));
  const { connection, listen, lines } = await createScene({ username, password });
  await eventually(() => expect(connection.redis.status).toBe("ready"));
  for (let i = 0; i < 3; i++) listen()();
  await eventually(() => expect(lines).toEqual(["redis refuses to tell of changed orders"]));
  await connection.redis.ping(); // all were answered before this
  expect(lines).toHaveLength(1);
});
