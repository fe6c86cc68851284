import { ByteReader } from "./byte-reader.ts";

type HeaderValue = Buffer | null;
export type RecordHeaders = Record<string, HeaderValue | HeaderValue[]>;

/** In the place of where a value begins: there is no header of that name; it has no value; there are several. */
export const ABSENT = -1;
export const NULL = -2;
export const REPEATED = -3;

/**
 * Finds headers by name in the bytes that a record has for them (their number, then name and value, each after its length), without
 * an object for each: a record has ten. The value of the nth name begins at [2n] of what is returned, and ends at [2n + 1].
 */
export function findHeaders(headers: Buffer, names: readonly Buffer[]): readonly number[] {
  const found: number[] = [];
  for (let i = 0; i < names.length; i++) found.push(ABSENT, ABSENT);
  const reader = new ByteReader(headers);
  for (let left = reader.varint(); left > 0; left--) {
    const nameLength = reader.varint();
    reader.skip(nameLength);
    const index = indexOf(headers, reader.at, nameLength, names);
    const length = reader.varint();
    const start = length < 0 ? NULL : reader.at;
    reader.skip(Math.max(length, 0));
    if (index < 0) continue;
    found[2 * index] = found[2 * index] === ABSENT ? start : REPEATED;
    found[2 * index + 1] = reader.at;
  }
  return found;
}

function indexOf(bytes: Buffer, end: number, length: number, names: readonly Buffer[]): number {
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as Buffer;
    if (name.length !== length) continue;
    let same = 0;
    // From the end, for they begin alike.
    while (same < length && name[length - 1 - same] === bytes[end - 1 - same]) same += 1;
    if (same === length) return i;
  }
  return -1;
}

/** All of them by name; a name that occurs more than once has a list. */
export function headersByName(headers: Buffer): RecordHeaders {
  const byName: RecordHeaders = {};
  const reader = new ByteReader(headers);
  for (let left = reader.varint(); left > 0; left--) add(byName, String(reader.field()), reader.field());
  return byName;
}

function add(headers: RecordHeaders, name: string, value: HeaderValue): void {
  // Whoever may write to the topic may call a header `constructor` or `__proto__`.
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (Array.isArray(before)) before.push(value);
  else define(headers, name, before === undefined ? value : [before, value]);
}

function define(headers: RecordHeaders, name: string, value: HeaderValue | HeaderValue[]): void {
  Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
}
