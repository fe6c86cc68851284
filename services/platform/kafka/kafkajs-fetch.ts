// kafkajs makes a dozen objects of each record that a fetch brings, all of them before the first record is handed over: a third of the
// projector's time, and most of its memory. Its reading of record batches is replaced here; it is loaded at the first fetch.
import { moduleOf, replaceModule } from "./kafkajs-module.ts";
import { type Decompress, readRecordSet } from "./record-set.ts";

/** kafkajs' own, over a whole response. */
interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
  forward(bytes: number): void;
}

type DecodeMessages = (decoder: Decoder) => Promise<unknown[]>;

interface Compression {
  lookupCodecByAttributes(attributes: number): { decompress(bytes: Buffer): Promise<Buffer> } | null;
}

const SIZE_BYTES = 4;
const MAGIC_OFFSET = 16;
const MAGIC = 2;

replaceModule("protocol/requests/fetch/v4/decodeMessages.js", decodeMessages);

function decodeMessages(original: DecodeMessages): DecodeMessages {
  const { lookupCodecByAttributes } = moduleOf<Compression>("protocol/message/compression/index.js");
  const decompress: Decompress = (bytes, attributes) =>
    lookupCodecByAttributes(attributes)?.decompress(bytes) ?? bytes;
  return (decoder) => {
    const start = decoder.offset + SIZE_BYTES;
    const size = decoder.buffer.readInt32BE(decoder.offset);
    if (size <= 0 || start + size > decoder.buffer.length) return original(decoder);
    // A batch that is cut off before its magic byte has no records; kafkajs would fail at it.
    if (size > MAGIC_OFFSET && decoder.buffer[start + MAGIC_OFFSET] !== MAGIC) return original(decoder);
    decoder.forward(SIZE_BYTES + size);
    return readRecordSet(decoder.buffer.subarray(start, start + size), decompress);
  };
}
