import { crc32c } from "@node-rs/crc32";

export interface ProduceRecord {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** ms since 1970. */
  readonly timestamp?: string;
}

export interface ProduceData {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: { toString(): string };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number | string;
      readonly firstSequence?: number;
      readonly messages: readonly ProduceRecord[];
    }[];
  }[];
}

/** For what this encoder leaves to the client's own: see `encodeProduce`. */
export class NotEncodable extends Error {}

const MAGIC = 2;
/** Of a record batch, from its base offset up to the number of records. */
const BATCH_HEADER_BYTES = 61;
const TRANSACTIONAL = 0x10;
/** More than anything that is written in one go besides keys, values and headers. */
const ROOM = 256;
const MAX_VARINT_BYTES = 5;
/** What a record takes besides its value, by experience. */
const TYPICAL_OVERHEAD_BYTES = 400;

/**
 * The body of a Produce request of version 3 to 7, with record batches of magic 2 (https://kafka.apache.org/protocol.html,
 * https://kafka.apache.org/documentation/#recordbatch), written into one buffer in one go.
 *
 * `now` is the timestamp of the records, in ms since 1970.
 * @throws NotEncodable for records that are compressed, have timestamps of their own, or headers that are neither text nor bytes.
 */
export function encodeProduce(data: ProduceData, now: number): Buffer {
  if (data.compression) throw new NotEncodable("compressed");
  let buffer = Buffer.allocUnsafeSlow(typicalBytes(data));
  let at = 0;

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }

  function varint(value: number): void {
    let rest = (value << 1) ^ (value >> 31);
    while (rest & ~0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
  }

  function string16(text: string | null | undefined): void {
    if (text === null || text === undefined) {
      at = buffer.writeInt16BE(-1, at);
      return;
    }
    const length = Buffer.byteLength(text);
    reserve(length + ROOM);
    at = buffer.writeInt16BE(length, at);
    at += buffer.write(text, at);
  }

  /** Length and content. */
  function field(value: unknown): void {
    if (typeof value === "string") text(value);
    else if (Buffer.isBuffer(value)) bytes(value);
    else if (value === null || value === undefined) varint(-1);
    else throw new NotEncodable("neither text nor bytes");
  }

  function bytes(value: Buffer): void {
    const { length } = value;
    reserve(length + ROOM);
    varint(length);
    buffer.set(value, at);
    at += length;
  }

  function text(value: string): void {
    const { length } = value;
    reserve(length * 3 + ROOM);
    const start = at;
    varint(length);
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        // Its length is not its number of characters.
        at = start;
        varint(Buffer.byteLength(value));
        at += buffer.write(value, at);
        return;
      }
      buffer[at++] = code;
    }
  }

  function record({ key, value, headers = {}, timestamp }: ProduceRecord, offsetDelta: number): void {
    if (timestamp !== undefined) throw new NotEncodable("timestamp of its own");
    reserve(ROOM);
    // The length comes first, and is known last: the content is moved to where the length ends.
    const start = at;
    at += MAX_VARINT_BYTES;
    const content = at;
    buffer[at++] = 0; // attributes
    buffer[at++] = 0; // timestamp delta
    varint(offsetDelta);
    field(key);
    field(value);
    const names = Object.keys(headers);
    varint(names.length);
    for (const name of names) {
      const header = headers[name];
      if (header === undefined) throw new NotEncodable("a header without a value");
      text(name);
      field(header);
    }
    const length = at - content;
    at = start;
    varint(length);
    buffer.copyWithin(at, content, content + length);
    at += length;
  }

  function batch(records: readonly ProduceRecord[], firstSequence: number): void {
    reserve(BATCH_HEADER_BYTES + ROOM);
    const start = at;
    at += BATCH_HEADER_BYTES;
    for (let i = 0; i < records.length; i++) record(records[i] as ProduceRecord, i);
    const end = at;
    at = buffer.writeBigInt64BE(0n, start); // base offset
    at = buffer.writeInt32BE(end - start - 12, at); // what follows
    at = buffer.writeInt32BE(0, at); // partition leader epoch
    at = buffer.writeInt8(MAGIC, at);
    const crcAt = at;
    at += 4;
    at = buffer.writeInt16BE(data.transactionalId ? TRANSACTIONAL : 0, at);
    at = buffer.writeInt32BE(records.length - 1, at); // last offset delta
    at = buffer.writeBigInt64BE(BigInt(now), at); // base timestamp
    at = buffer.writeBigInt64BE(BigInt(now), at); // highest timestamp
    at = buffer.writeBigInt64BE(BigInt(String(data.producerId ?? -1)), at);
    at = buffer.writeInt16BE(data.producerEpoch ?? 0, at);
    at = buffer.writeInt32BE(firstSequence, at);
    at = buffer.writeInt32BE(records.length, at);
    buffer.writeUInt32BE(crc32c(buffer.subarray(crcAt + 4, end)), crcAt);
    at = end;
  }

  string16(data.transactionalId);
  at = buffer.writeInt16BE(data.acks, at);
  at = buffer.writeInt32BE(data.timeout, at);
  at = buffer.writeInt32BE(data.topicData.length, at);
  for (const { topic, partitions } of data.topicData) {
    string16(topic);
    at = buffer.writeInt32BE(partitions.length, at);
    for (const { partition, messages, firstSequence = 0 } of partitions) {
      reserve(ROOM);
      at = buffer.writeInt32BE(Number(partition), at);
      const sizeAt = at;
      at += 4;
      batch(messages, firstSequence);
      buffer.writeInt32BE(at - sizeAt - 4, sizeAt);
    }
  }
  return buffer.subarray(0, at);
}

function typicalBytes({ topicData }: ProduceData): number {
  let bytes = ROOM;
  for (const { partitions } of topicData) {
    for (const { messages } of partitions) {
      bytes += ROOM;
      for (const { value } of messages) bytes += TYPICAL_OVERHEAD_BYTES + (value?.length ?? 0);
    }
  }
  return bytes;
}
