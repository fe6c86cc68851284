import { spawn } from "node:child_process";
import { once } from "node:events";
import { testServers } from "./servers.ts";
import { readTopicEnds, type TopicEnds } from "./topic-ends.ts";

export interface KafkaRecord {
  readonly key: string | null;
  /** The bytes as they lie on the topic. */
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly partition: number;
  readonly offset: number;
  /** ms since 1970. */
  readonly timestamp: number;
}

interface ReadOptions {
  readonly timeoutMs?: number;
  /** Of another broker than the run's. */
  readonly brokers?: string;
}

/** The first `count` records of the topic as kcat, a client that shares no code with ours, reads them. Order holds per partition. */
export function readTopic(
  topic: string,
  options: ReadOptions & { readonly count: number },
): Promise<KafkaRecord[]> {
  return collect((onRecord) => streamKcat(topic, { count: options.count }, options, onRecord));
}

/** All records that the topic holds now, also while more are written: for saying what is *not* there. */
export function readToEnd(topic: string, options: ReadOptions = {}): Promise<KafkaRecord[]> {
  return collect((onRecord) => forEachRecord(topic, options, onRecord));
}

/** The same, one by one: for topics that do not fit into memory. */
export async function forEachRecord(
  topic: string,
  options: ReadOptions,
  onRecord: (record: KafkaRecord) => void,
): Promise<void> {
  // Without them kcat says what is wrong, or reads until it has caught up.
  const ends = await readTopicEnds(topic, brokersOf(options)).catch(() => undefined);
  await streamKcat(topic, { ends }, options, onRecord);
}

async function collect(
  read: (onRecord: (record: KafkaRecord) => void) => Promise<void>,
): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  await read((record) => records.push(record));
  return records;
}

const brokersOf = ({ brokers = testServers().kafkaBrokers }: ReadOptions): string => brokers;

/** So many records, or what there was when the topic ended there. */
type Until = { readonly count: number } | { readonly ends: TopicEnds | undefined };

async function streamKcat(
  topic: string,
  until: Until,
  options: ReadOptions,
  onRecord: (record: KafkaRecord) => void,
): Promise<void> {
  const { timeoutMs = 15_000 } = options;
  const end = "count" in until ? ["-c", String(until.count)] : ["-e"];
  const ends = "count" in until || !until.ends ? undefined : new Map(until.ends);
  const kcat = spawn(
    "kcat",
    ["-C", "-b", brokersOf(options), "-t", topic, "-o", "beginning", "-q", "-u", "-J", ...end],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const err: Buffer[] = [];
  let read = 0;
  let cut = "";
  let failure: unknown;
  let done = false;
  /** Notes the record, unless it came after the end. Its end moves while somebody writes, and kcat would run after it. */
  function take(record: KafkaRecord): void {
    const partitionEnd = ends?.get(record.partition);
    if (ends && (partitionEnd === undefined || record.offset >= partitionEnd)) return;
    onRecord(record);
    read += 1;
    if (record.offset + 1 === partitionEnd) ends?.delete(record.partition);
    if (ends?.size === 0) done = kcat.kill();
  }
  // kcat's JSON leaves all bytes from 0x20 as they are, whatever their encoding. Read as Latin-1, one character stands for one
  // byte, and every byte of keys, values and headers can be had back (JSON.parse on UTF-8 would damage what is not UTF-8).
  kcat.stdout.setEncoding("latin1");
  kcat.stdout.on("data", (chunk: string) => {
    const lines = `${cut}${chunk}`.split("\n");
    cut = lines.pop() ?? "";
    try {
      for (const line of lines) take(parse(line));
    } catch (error) {
      failure ??= error;
      kcat.kill("SIGKILL");
    }
  });
  kcat.stderr.on("data", (chunk) => err.push(chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = kcat.kill("SIGKILL");
  }, timeoutMs);
  try {
    const [code] = await once(kcat, "close");
    if (failure) throw failure;
    if (done) return;
    if (late) {
      const expected = "count" in until ? `${until.count} were expected` : "its end was not reached";
      throw new Error(`${topic} gave ${read} records within ${timeoutMs} ms, ${expected}`);
    }
    if (code !== 0) throw new Error(`kcat failed on ${topic}: ${Buffer.concat(err).toString()}`);
    if (cut !== "") throw new Error("kcat's output ends in the middle of a record");
  } finally {
    clearTimeout(timer);
  }
}

function parse(line: string): KafkaRecord {
  const record = JSON.parse(line);
  if (record.payload === null) throw new Error(`a record without value (tombstone): ${line}`);
  return {
    key: record.key === null ? null : bytes(record.key).toString("utf8"),
    value: bytes(record.payload),
    headers: headersOf(record.headers ?? []),
    partition: record.partition,
    offset: record.offset,
    timestamp: record.ts,
  };
}

function headersOf(flat: readonly (string | null)[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) {
    headers[text(flat[i])] = text(flat[i + 1]);
  }
  return headers;
}

function bytes(latin1: string): Buffer {
  return Buffer.from(latin1, "latin1");
}

function text(latin1: string | null | undefined): string {
  return bytes(latin1 ?? "").toString("utf8");
}
