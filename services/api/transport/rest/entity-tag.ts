import { Problem } from "./problem.ts";

/** An order's entity-tag (RFC 9110, section 8.8.3) is its version in quotes: a strong one, for the body is made of nothing else. */
export function entityTag(version: bigint): string {
  return `"${version}"`;
}

/** One entity-tag, or any. */
export const ifMatchForm = /^(?:\*|(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")$/;
/** Versions begin at 1: no order is at this one. */
const NO_VERSION = 0n;

/**
 * The version that If-Match demands; undefined when any will do. The comparison is a strong one (RFC 9110, section 13.1.1): a weak tag,
 * or one that was not given here, is the tag of no version.
 * @throws Problem INVALID_REQUEST; PRECONDITION_REQUIRED when it is missing and `isRequired`
 */
export function readIfMatch(header: string | undefined, isRequired: boolean): bigint | undefined {
  if (header === undefined) {
    if (!isRequired) return undefined;
    throw new Problem("PRECONDITION_REQUIRED", "send the order's ETag in the header If-Match", {
      errors: [{ header: "If-Match", detail: "is missing" }],
    });
  }
  if (!ifMatchForm.test(header)) {
    throw new Problem("INVALID_REQUEST", "the header If-Match is malformed", {
      errors: [{ header: "If-Match", detail: "must be one entity-tag in quotes, or *" }],
    });
  }
  if (header === "*") return undefined;
  const version = /^"([1-9]\d{0,18})"$/.exec(header)?.[1];
  return version === undefined ? NO_VERSION : BigInt(version);
}

/** Whether If-None-Match names this entity-tag; the comparison is a weak one (RFC 9110, section 13.1.2). */
export function isNoneMatchFor(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header === "*" || header.split(",").some((item) => item.trim().replace(/^W\//, "") === tag);
}
