import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A span as a collector gets it. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  /** SERVER is 2, CLIENT 3, PRODUCER 4, CONSUMER 5. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** "" for the first one of a trace. */
  readonly parentId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  close(): Promise<void>;
}

/** The end of OTLP over HTTP that a collector has: takes all, keeps the spans. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const isOtlp = request.method === "POST" && request.url === "/v1/traces";
    if (isOtlp)
      spans.push(...spansIn(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body));
    response.writeHead(isOtlp ? 200 : 404, { "content-type": "application/x-protobuf" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** By the field numbers of opentelemetry/proto/trace/v1/trace.proto. */
function spansIn(request: Uint8Array): ReceivedSpan[] {
  return fields(request, 1).flatMap((resourceSpans) => {
    const resource = attributesIn(fields(resourceSpans, 1)[0] ?? new Uint8Array(), 1);
    return fields(resourceSpans, 2)
      .flatMap((scopeSpans) => fields(scopeSpans, 2))
      .map((span) => ({
        service: resource["service.name"] ?? "",
        name: text(span, 5),
        kind: varint(span, 6),
        traceId: hex(span, 1),
        spanId: hex(span, 2),
        parentId: hex(span, 4),
        attributes: attributesIn(span, 9),
      }));
  });
}

/** Those that are strings. */
function attributesIn(message: Uint8Array, field: number): Record<string, string> {
  return Object.fromEntries(
    fields(message, field).map((pair) => [text(pair, 1), text(fields(pair, 2)[0] ?? new Uint8Array(), 1)]),
  );
}

const text = (message: Uint8Array, field: number) => Buffer.from(fields(message, field)[0] ?? []).toString();
const hex = (message: Uint8Array, field: number) =>
  Buffer.from(fields(message, field)[0] ?? []).toString("hex");

function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type);
  }
  return found;
}

function varint(message: Uint8Array, wanted: number): number {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.Varint) return reader.uint32();
    reader.skip(type);
  }
  return 0;
}
