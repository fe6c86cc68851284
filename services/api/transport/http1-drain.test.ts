import { once } from "node:events";
import { Agent, createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { closingResponses, drainHttp1 } from "./http1-drain.ts";

/** Answers /slow when `release` is called, and all else at once. */
async function startServer() {
  const stopping = new AbortController();
  const release = Promise.withResolvers<void>();
  const server = createServer({ ServerResponse: closingResponses(stopping.signal) }, async (req, res) => {
    if (req.url === "/slow") await release.promise;
    res.writeHead(200, { "x-is": "kept" }).end("answer");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.closeAllConnections());
  return { server, stopping, release: release.resolve };
}

function clientOf(server: Server) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const { port } = server.address() as AddressInfo;
  return async (path: string) => {
    const sent = request({ agent, port, path }).end();
    const [response] = await once(sent, "response");
    const { connection, "x-is": kept } = response.headers;
    return { connection, kept, body: await text(response) };
  };
}

const connectionsOf = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

test("once a stop has begun each answer gives the connection back, that of a request from before as well", async () => {
  const { server, stopping, release } = await startServer();
  const ask = clientOf(server);
  expect(await ask("/")).toMatchObject({ connection: "keep-alive", body: "answer" });
  const slow = ask("/slow");
  await eventually(async () => expect(await connectionsOf(server)).toBe(1));
  stopping.abort();
  release();
  expect(await slow).toEqual({ connection: "close", kept: "kept", body: "answer" });
  // Still served, over a new connection.
  expect(await ask("/")).toMatchObject({ connection: "close", body: "answer" });
});

test("a drain waits for what is in flight, and not for connections that are idle", async () => {
  const { server, stopping, release } = await startServer();
  const [idle, busy, late] = [clientOf(server), clientOf(server), clientOf(server)];
  await idle("/");
  const slow = busy("/slow");
  await eventually(async () => expect(await connectionsOf(server)).toBe(2));
  stopping.abort();
  const drained = drainHttp1(server, 10_000);
  await eventually(async () => expect(await connectionsOf(server)).toBe(1));
  await expect(late("/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  release();
  expect(await slow).toMatchObject({ body: "answer" });
  await drained;
});

test("what has not ended in the time for it is broken off", async () => {
  const { server, stopping } = await startServer();
  const slow = clientOf(server)("/slow");
  const broken = expect(slow).rejects.toMatchObject({ code: "ECONNRESET" });
  await eventually(async () => expect(await connectionsOf(server)).toBe(1));
  stopping.abort();
  await drainHttp1(server, 20);
  await broken;
});
