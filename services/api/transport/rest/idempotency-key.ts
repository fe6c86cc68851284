import { Problem } from "./problem.ts";

/** 1 to 255 visible characters of ASCII, quoted as a structured field's string (RFC 9651, section 3.3.3) or bare. */
export const idempotencyKeyForm =
  /^(?:"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"|([\x21\x23-\x7e][\x21-\x7e]{0,254}))$/;

/**
 * Reads the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). The draft wants the key quoted; the bare form, which
 * most clients send, is the same key, and so is a request_id of gRPC.
 * @throws Problem INVALID_REQUEST
 */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = idempotencyKeyForm.exec(header) ?? [];
  const key = quoted?.replaceAll(/\\(.)/g, "$1") ?? bare;
  if (key !== undefined) return key;
  throw new Problem("INVALID_REQUEST", "the header Idempotency-Key is malformed", {
    errors: [
      {
        header: "Idempotency-Key",
        detail: "must have 1 to 255 visible characters of ASCII, in quotes or bare",
      },
    ],
  });
}
