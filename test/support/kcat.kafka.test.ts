import { expect, test } from "vitest";
import { createTopic, produceRaw, readToEnd, readTopic, uniqueTopic } from "./kafka.ts";

test("kcat gives back every byte of keys, values and headers", async () => {
  const topic = uniqueTopic("kcat-bytes");
  await createTopic({ topic, partitions: 2 });
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const key = 'line\nbreak "quoted" é 日本';
  const headers = { 'comma,=,"quote"': "a=1,b=\n2 ü", empty: "" };
  await produceRaw(topic, [
    { key, value: everyByte, headers, partition: 1 },
    { key: null, value: "", partition: 1 },
    { key: "", value: "{}", partition: 0 },
  ]);
  const records = await readTopic(topic, { count: 3 });
  const find = (partition: number, offset: number) =>
    records.find((record) => record.partition === partition && record.offset === offset);
  const timestamp = expect.toSatisfy((ms: number) => Math.abs(ms - Date.now()) < 60_000);
  const first = { headers: {}, offset: 0, timestamp };
  expect(find(1, 0)).toEqual({ ...first, key, value: everyByte, headers, partition: 1 });
  expect(find(1, 1)).toEqual({ ...first, key: null, value: Buffer.alloc(0), partition: 1, offset: 1 });
  expect(find(0, 0)).toEqual({ ...first, key: "", value: Buffer.from("{}"), partition: 0 });
});

test("an empty topic is read to its end", async () => {
  const topic = uniqueTopic("kcat-empty");
  await createTopic({ topic, partitions: 3 });
  expect(await readToEnd(topic)).toEqual([]);
});

test("a topic that holds fewer records than expected is an error that says how many there are", async () => {
  const topic = uniqueTopic("kcat-short");
  await createTopic({ topic, partitions: 1 });
  await produceRaw(topic, [{ key: "k", value: "v" }]);
  await expect(readTopic(topic, { count: 2, timeoutMs: 3000 })).rejects.toThrow(
    /gave 1 records .* 2 were expected/,
  );
});

test("a topic that does not exist is an error", async () => {
  await expect(readToEnd(uniqueTopic("kcat-missing"), { timeoutMs: 10_000 })).rejects.toThrow("kcat failed");
});
