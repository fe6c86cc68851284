// kafkajs makes a buffer of 512 bytes for each header, copies every request six times into buffers of up to twice its size, and copies
// the list of records of a partition once for each record: three times the CPU time of all else that the relay does for a record with
// ten headers, and 10 kB of garbage. Its ways of grouping and encoding records are replaced here, before it is loaded.
import { createByteWriter } from "./byte-writer.ts";
import { replaceModule } from "./kafkajs-module.ts";
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

const HEADER_BYTES = 512;
const INITIAL_BODY_BYTES = 65_536;

replaceModule("protocol/requests/produce/v3/request.js", produceRequest);
replaceModule("protocol/request.js", () => wholeRequest);
replaceModule("producer/groupMessagesPerPartition.js", () => groupMessagesPerPartition);

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
