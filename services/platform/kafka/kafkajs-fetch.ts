// kafkajs makes a dozen objects of each record that a fetch brings, all of them before the first record is handed over: a third of the
// projector's time, and most of its memory. Its reading of record batches is replaced here; it is loaded at the first fetch.
import { replaceModule } from "./kafkajs-module.ts";
import { isReadable, readRecordSet } from "./record-set.ts";

/** kafkajs' own, over a whole response. */
interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
  forward(bytes: number): void;
}

type DecodeMessages = (decoder: Decoder) => Promise<unknown[]>;

const SIZE_BYTES = 4;

replaceModule("protocol/requests/fetch/v4/decodeMessages.js", decodeMessages);

function decodeMessages(original: DecodeMessages): DecodeMessages {
  return async (decoder) => {
    const start = decoder.offset + SIZE_BYTES;
    const size = decoder.buffer.readInt32BE(decoder.offset);
    const set = decoder.buffer.subarray(start, start + Math.max(size, 0));
    if (size <= 0 || set.length < size || !isReadable(set)) return original(decoder);
    decoder.forward(SIZE_BYTES + size);
    return readRecordSet(set);
  };
}
