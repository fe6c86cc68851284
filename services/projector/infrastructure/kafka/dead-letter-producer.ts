import type { Message, Producer } from "kafkajs";
import type { DeadLetter, DeadLetterTopic } from "../../application/dead-letter-topic.ts";
import { deadLetterHeaders } from "./dead-letter-headers.ts";

/** kafkajs sends one record batch per partition, however big: many letters at once would pass the broker's limit together. */
const REQUEST_BYTES = 500_000;

export interface DeadLetterProducer extends DeadLetterTopic {
  close(): Promise<void>;
}

/**
 * Key, value and headers arrive byte for byte, with headers of ours added. A producer that failed is thrown away and the next try
 * has a new one. Not idempotent: after a rejection kafkajs' idempotent producer can drop the next batch and still resolve, and
 * a dead letter may rather be there twice than not at all.
 */
export function createDeadLetterProducer(options: {
  /** A new producer, not connected yet. */
  readonly createProducer: () => Producer;
  readonly topic: string;
  /** The consumer group that refuses the records. */
  readonly group: string;
}): DeadLetterProducer {
  const { createProducer, topic, group } = options;
  let connected: Promise<Producer> | undefined;

  async function connect(): Promise<Producer> {
    const producer = createProducer();
    await producer.connect();
    return producer;
  }

  async function discard(failed = connected): Promise<void> {
    if (connected === failed) connected = undefined;
    await failed?.then((producer) => producer.disconnect()).catch(() => {});
  }

  return {
    async publish(letters) {
      connected ??= connect();
      const used = connected;
      try {
        const producer = await used;
        const failedAt = new Date();
        const messages = letters.map((letter) => toMessage(letter, group, failedAt));
        for (const part of inParts(messages)) await producer.send({ topic, acks: -1, messages: part });
      } catch (error) {
        await discard(used);
        throw error;
      }
    },
    close: () => discard(),
  };
}

function toMessage(letter: DeadLetter, group: string, failedAt: Date): Message {
  const { key, value } = letter.record;
  return { key, value, headers: deadLetterHeaders(letter, group, failedAt) };
}

function* inParts(messages: readonly Message[]): Generator<Message[]> {
  let part: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (part.length > 0 && bytes + size > REQUEST_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/** A little more than it takes on the wire. */
function sizeOf({ key, value, headers = {} }: Message): number {
  const parts = [key, value, ...Object.entries(headers).flat(2)];
  return parts.reduce((sum: number, part) => sum + Buffer.byteLength(part ?? "") + 5, 50);
}
