import { Problem } from "./problem.ts";

/** An order's entity-tag (RFC 9110, section 8.8.3) is its version in quotes: a strong one, for the body is made of nothing else. */
export function entityTag(version: bigint): string {
  return `"${version}"`;
}

const ANY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
const VERSION_TAG = /^"([1-9]\d{0,18})"$/;

/**
 * The versions that If-Match admits; undefined when any will do. The comparison is a strong one (RFC 9110, section 13.1.1): a weak tag,
 * or one that was not given here, admits none.
 * @throws Problem INVALID_REQUEST; PRECONDITION_REQUIRED when it is missing and `isRequired`
 */
export function readIfMatch(header: string | undefined, isRequired: boolean): bigint[] | undefined {
  if (header === undefined) {
    if (!isRequired) return undefined;
    throw new Problem("PRECONDITION_REQUIRED", "send the order's ETag in the header If-Match", {
      errors: [{ header: "If-Match", detail: "is missing" }],
    });
  }
  if (header === "*") return undefined;
  const tags = listOf(header);
  if (!tags.every((tag) => ANY_TAG.test(tag))) {
    throw new Problem("INVALID_REQUEST", "the header If-Match is malformed", {
      errors: [{ header: "If-Match", detail: "must be entity-tags in quotes, or *" }],
    });
  }
  return tags.flatMap((tag) => VERSION_TAG.exec(tag)?.[1] ?? []).map(BigInt);
}

/** Whether If-None-Match names this entity-tag; the comparison is a weak one (RFC 9110, section 13.1.2). */
export function isNoneMatchFor(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header === "*" || listOf(header).some((item) => item.replace(/^W\//, "") === tag);
}

/** A tag with a comma in it is none of ours: in pieces it is malformed. */
function listOf(header: string): string[] {
  return header.split(",").map((item) => item.trim());
}
