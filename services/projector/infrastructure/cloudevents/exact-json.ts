import { isUtf8 } from "node:buffer";
import { UnreadableRecord } from "../../application/unreadable-record.ts";

/** @throws UnreadableRecord for bytes that are not UTF-8. */
export function readText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new UnreadableRecord("invalid_json", "the value is not UTF-8");
  return bytes.toString("utf8");
}

/** A number of 16 digits or more that stands for itself. Inside a text the same digits do no harm: they only cost time. */
const LONG_NUMBER = /[[:,]\s*-?\d{16,}/;

/**
 * Parses JSON text without rounding: a number past 2^53 becomes a string of its digits, which proto3 JSON takes
 * for an int64 just as well. JSON.parse alone turns 9007199254740993 into …992, and nothing after it would notice.
 * @throws UnreadableRecord for what is not JSON.
 */
export function parseExactJson(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (cause) {
    throw new UnreadableRecord("invalid_json", (cause as Error).message, { cause });
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  return context?.source ?? value;
}
