import { createByteWriter } from "../../platform/kafka/byte-writer.ts";

type HeaderValue = string | Buffer | null;

/** Headers as a record has them. */
export function headerBytes(headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>): Buffer {
  const flat = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  const writer = createByteWriter(100);
  writer.varint(flat.length);
  for (const [name, value] of flat) {
    writer.text(name);
    const bytes = value === null ? undefined : Buffer.from(value as string);
    writer.varint(bytes?.length ?? -1);
    if (bytes) writer.bytes(bytes);
  }
  return Buffer.from(writer.from(0));
}
