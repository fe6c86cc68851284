// kafkajs makes a buffer of 512 bytes for each header, copies every request six times into buffers of up to twice its size, and copies
// the list of records of a partition once for each record: three times the CPU time of all else that the relay does for a record with
// ten headers, and 10 kB of garbage. When it reads a record it copies the headers once for each header. Its ways of grouping, encoding
// and decoding records are replaced here, before it is loaded; kafkajs is pinned, and other versions of it are left as they are.
import { createRequire } from "node:module";
import { createByteWriter } from "./byte-writer.ts";
import { createProduceBodyEncoder, type PartitionBatch, writeString } from "./produce-body.ts";
import type { ProduceRecord } from "./record-batch.ts";

/** What kafkajs takes an encoded request for: an Encoder of its own. All of it, for where kafkajs is loaded first its own envelope stays. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

interface RequestBody {
  encode(): Promise<Encoded>;
}

interface Message {
  readonly key?: ProduceRecord["key"];
  readonly value: ProduceRecord["value"];
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly timestamp?: string;
}

/** What kafkajs makes a produce request of. */
interface ProduceData {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId: { toString(): string };
  readonly producerEpoch: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number | string;
      readonly firstSequence: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

interface Request {
  readonly correlationId: number;
  readonly clientId: string;
  readonly request: { readonly apiKey: number; readonly apiVersion: number } & RequestBody;
}

interface Grouping {
  readonly topic: string;
  readonly partitionMetadata: readonly unknown[];
  readonly messages: readonly Message[];
  readonly partitioner: (of: {
    topic: string;
    partitionMetadata: readonly unknown[];
    message: Message;
  }) => number;
}

type HeaderValue = Buffer | null;

interface Decoded {
  headers: Record<string, HeaderValue | HeaderValue[]>;
}

interface RecordDecoder {
  readVarIntArray<Item>(read: (decoder: RecordDecoder) => Item): Item[];
  readVarIntString(): string;
  readVarIntBytes(): HeaderValue;
}

const KNOWN_VERSION = "2.2.4";
const HEADER_BYTES = 512;
const INITIAL_BODY_BYTES = 65_536;

const require = createRequire(import.meta.url);
if (require("kafkajs/package.json").version === KNOWN_VERSION) {
  replace("protocol/requests/produce/v3/request.js", produceRequest);
  replace("protocol/request.js", () => wholeRequest);
  replace("protocol/recordBatch/record/v0/decoder.js", decodeRecord);
  replace("producer/groupMessagesPerPartition.js", () => groupMessagesPerPartition);
}

function replace<Export>(module: string, by: (original: Export) => Export): void {
  const file = require.resolve(`kafkajs/src/${module}`);
  const original: Export = require(file);
  const loaded = require.cache[file];
  if (loaded) loaded.exports = by(original);
}

function produceRequest(original: (data: ProduceData) => RequestBody): (data: ProduceData) => RequestBody {
  const encodeBody = createProduceBodyEncoder();
  // Used again for each request, which copies the body as soon as it is there.
  const body = createByteWriter(INITIAL_BODY_BYTES);

  function encodeNow(data: ProduceData): Buffer {
    body.clear();
    encodeBody(partitionBatches(data, Date.now()), data.timeout, body);
    return body.from(0);
  }
  return (data) => {
    const request = original(data);
    if (!isPlain(data)) return request;
    return { ...request, encode: async () => lazily(() => encodeNow(data)) };
  };
}

/** Whether it is of the kind that is encoded here: that of an idempotent producer, without compression or timestamps of one's own. */
function isPlain({ acks, transactionalId, compression, topicData }: ProduceData): boolean {
  if (acks !== -1 || transactionalId || compression) return false;
  return topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages.every(isPlainMessage)),
  );
}

function isPlainMessage({ timestamp, headers }: Message): boolean {
  if (timestamp !== undefined) return false;
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== "string" && !Buffer.isBuffer(value)) return false;
  }
  return true;
}

function partitionBatches({ topicData, ...data }: ProduceData, timestamp: number): PartitionBatch[] {
  const producer = { producerId: BigInt(data.producerId.toString()), producerEpoch: data.producerEpoch };
  return topicData.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, firstSequence, messages }) => ({
      topic,
      partition: Number(partition),
      timestamp,
      ...producer,
      sequence: firstSequence,
      count: messages.length,
      record: (index: number) => toRecord(messages[index] as Message),
    })),
  );
}

function toRecord({ key = null, value, headers = {} }: Message): ProduceRecord {
  return { key, value, headers: headers as ProduceRecord["headers"] };
}

/** Size, request header v1 (https://kafka.apache.org/protocol.html#protocol_messages) and body. */
async function wholeRequest({ correlationId, clientId, request }: Request): Promise<Encoded> {
  const body = (await request.encode()).buffer;
  const whole = createByteWriter(HEADER_BYTES + body.length);
  whole.int32(0);
  whole.int16(request.apiKey);
  whole.int16(request.apiVersion);
  whole.int32(correlationId);
  writeString(clientId, whole);
  whole.bytes(body);
  whole.uint32At(0, whole.length - 4);
  const buffer = whole.from(0);
  return { buf: buffer, buffer, size: () => buffer.length };
}

/** Encoded when it is asked for, and valid until the next one is. */
function lazily(encode: () => Buffer): Encoded {
  return {
    get buf() {
      return encode();
    },
    get buffer() {
      return encode();
    },
    size: () => encode().length,
  };
}

function groupMessagesPerPartition({ messages, partitioner, ...of }: Grouping): Record<number, Message[]> {
  const groups: Record<number, Message[]> = {};
  if (of.partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = partitioner({ ...of, message });
    const group = groups[partition];
    if (group) group.push(message);
    else groups[partition] = [message];
  }
  return groups;
}

/** The headers come last in a record: kafkajs is given them as an empty list, and they are read behind it. */
function decodeRecord(original: (decoder: RecordDecoder, context: unknown) => Decoded): typeof original {
  return (decoder, context) => {
    const readHeaders = decoder.readVarIntArray.bind(decoder);
    decoder.readVarIntArray = () => [];
    const record = original(decoder, context);
    for (const { name, value } of readHeaders(readHeader)) addHeader(record.headers, name, value);
    return record;
  };
}

function readHeader(decoder: RecordDecoder) {
  return { name: decoder.readVarIntString(), value: decoder.readVarIntBytes() };
}

function addHeader(headers: Decoded["headers"], name: string, value: HeaderValue): void {
  // Whoever may write to the topic may call a header `constructor` or `__proto__`.
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (Array.isArray(before)) before.push(value);
  else if (before !== undefined) define(headers, name, [before, value]);
  else define(headers, name, value);
}

function define(headers: Decoded["headers"], name: string, value: HeaderValue | HeaderValue[]): void {
  if (name in headers)
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  else headers[name] = value;
}
