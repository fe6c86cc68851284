import { once } from "node:events";
import { connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { takeBeforeRequests } from "./before-requests.ts";

/** A server that answers 201 to streams of `/stream`, and 202 to all others as requests. */
async function serve() {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url);
    response.writeHead(202).end();
  });
  takeBeforeRequests(server, (stream, headers) => {
    if (headers[":path"] !== "/stream") return false;
    stream.respond({ ":status": 201 }, { endStream: true });
    return true;
  });
  const session = connect(await listening(server));
  onTestFinished(() => session.destroy());
  return { session, requests };
}

async function listening(server: Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a stream that is taken makes no request, and any other makes one", async () => {
  const { session, requests } = await serve();
  for (const [path, status] of [
    ["/stream", 201],
    ["/request", 202],
    ["/stream", 201],
  ] as const) {
    const [headers] = await once(session.request({ ":path": path }), "response");
    expect(headers[":status"]).toBe(status);
  }
  expect(requests).toEqual(["/request"]);
});

test("a caller that waits for leave to send its body gets it", async () => {
  const { session } = await serve();
  const call = session.request({ ":method": "POST", ":path": "/request", expect: "100-continue" });
  await once(call, "continue");
  call.end();
  const [headers] = await once(call, "response");
  expect(headers[":status"]).toBe(202);
});

test("a server that makes no requests is a mistake", () => {
  expect(() => takeBeforeRequests(createServer(), () => false)).toThrow("makes no requests");
});
