import { Problem } from "./problem.ts";
import type { RestContext } from "./respond.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The text of a JSON body; "" when there is none.
 * @throws Problem UNSUPPORTED_MEDIA_TYPE, CONTENT_TOO_LARGE, MALFORMED_JSON when it is not UTF-8
 */
export async function readJsonText(c: RestContext, maxBytes: number): Promise<string> {
  const bytes = await readBytes(c, maxBytes);
  if (bytes.byteLength === 0) return "";
  requireJson(c);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Problem("MALFORMED_JSON", "the body is not UTF-8", { cause });
  }
}

/** Node holds a body to its Content-Length; only one without it has to be counted while it comes, as a web stream, which is slow. */
async function readBytes(c: RestContext, maxBytes: number): Promise<ArrayBuffer | Uint8Array> {
  const length = c.req.header("content-length");
  if (length !== undefined) {
    if (Number(length) > maxBytes) throw tooLarge(c, maxBytes);
    return c.req.arrayBuffer();
  }
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    total += chunk.byteLength;
    if (total > maxBytes) throw tooLarge(c, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(c: RestContext, maxBytes: number): Problem {
  const { incoming } = (c.env ?? {}) as { incoming?: { httpVersionMajor?: number } };
  // The rest of the body is not read: an HTTP/1.1 connection cannot be used again (HTTP/2 has no such header).
  const headers: Record<string, string> = incoming?.httpVersionMajor === 1 ? { connection: "close" } : {};
  return new Problem("CONTENT_TOO_LARGE", `a body may have ${maxBytes} bytes at the most`, { headers });
}

function requireJson(c: RestContext): void {
  const type = c.req.header("content-type") ?? "";
  const encoding = c.req.header("content-encoding") ?? "identity";
  // RFC 8259 knows no charset; some clients name the only one that there is.
  const isJson =
    type === "application/json" || /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type);
  if (isJson && encoding === "identity") return;
  const headers =
    encoding === "identity" ? { accept: "application/json" } : { "accept-encoding": "identity" };
  throw new Problem("UNSUPPORTED_MEDIA_TYPE", "the body must be application/json, not compressed", {
    headers,
  });
}
