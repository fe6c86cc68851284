// kafkajs makes a buffer of 512 bytes for each header, copies every request six times into buffers of twice its size, and copies the
// list of records of a partition once for each record: 24 µs and 10 kB of garbage for a record with ten headers. Its ways of
// grouping and encoding are replaced here, before it is loaded; kafkajs is pinned, and other versions are left as they are.
import { createRequire } from "node:module";
import { encodeProduce, NotEncodable, type ProduceData } from "./produce-encoding.ts";

/** What kafkajs takes an encoded request for: an Encoder of its own. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

interface ProduceRequest {
  encode(): Promise<Encoded>;
}

interface Grouping<Message> {
  readonly topic: string;
  readonly partitionMetadata: readonly unknown[];
  readonly messages: readonly Message[];
  readonly partitioner: (args: { topic: string; partitionMetadata: readonly unknown[]; message: Message }) => number;
}

interface Envelope {
  readonly correlationId: number;
  readonly clientId: string;
  readonly request: { readonly apiKey: number; readonly apiVersion: number; encode(): Promise<Encoded> };
}

const KNOWN_VERSION = "2.2.4";

const require = createRequire(import.meta.url);
if (require("kafkajs/package.json").version === KNOWN_VERSION) {
  replace("protocol/requests/produce/v3/request.js", produceRequest);
  replace("protocol/request.js", () => envelope);
  replace("producer/groupMessagesPerPartition.js", () => groupMessagesPerPartition);
}

function replace<Replaced>(module: string, by: (original: Replaced) => Replaced): void {
  const file = require.resolve(`kafkajs/src/${module}`);
  const original = require(file);
  const cached = require.cache[file];
  if (cached) cached.exports = by(original);
}

function produceRequest(original: (data: ProduceData) => ProduceRequest) {
  return (data: ProduceData): ProduceRequest => {
    const request = original(data);
    return {
      ...request,
      async encode() {
        try {
          return encoded(encodeProduce(data, Date.now()));
        } catch (error) {
          if (error instanceof NotEncodable) return request.encode();
          throw error;
        }
      },
    };
  };
}

/** Request header v1 (https://kafka.apache.org/protocol.html#protocol_messages) and body, behind their size. */
async function envelope({ correlationId, clientId, request }: Envelope): Promise<Encoded> {
  const body = (await request.encode()).buffer;
  const clientIdBytes = Buffer.byteLength(clientId);
  const headerBytes = 14 + clientIdBytes;
  const buffer = Buffer.allocUnsafeSlow(headerBytes + body.length);
  let at = buffer.writeInt32BE(buffer.length - 4, 0);
  at = buffer.writeInt16BE(request.apiKey, at);
  at = buffer.writeInt16BE(request.apiVersion, at);
  at = buffer.writeInt32BE(correlationId, at);
  at = buffer.writeInt16BE(clientIdBytes, at);
  at += buffer.write(clientId, at);
  body.copy(buffer, at);
  return encoded(buffer);
}

function encoded(buffer: Buffer): Encoded {
  return { buf: buffer, buffer, size: () => buffer.length };
}

function groupMessagesPerPartition<Message>({
  topic,
  partitionMetadata,
  messages,
  partitioner,
}: Grouping<Message>): Record<number, Message[]> {
  const groups: Record<number, Message[]> = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    const group = groups[partition];
    if (group) group.push(message);
    else groups[partition] = [message];
  }
  return groups;
}
