import { once } from "node:events";
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { http2Drain } from "./http2-drain.ts";

/** Answers /slow when `release` is called, and all else at once. */
async function startServer() {
  const release = Promise.withResolvers<void>();
  const begun: string[] = [];
  const server = createServer(async (request, response) => {
    begun.push(request.url);
    if (request.url === "/slow") await release.promise;
    response.end("answer");
  });
  const drain = http2Drain(server);
  const sessions: ServerHttp2Session[] = [];
  server.on("session", (session) => sessions.push(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { drain, begun, release: release.resolve, port: (server.address() as AddressInfo).port };
}

async function openClient(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  return session;
}

async function ask(session: ClientHttp2Session, path: string): Promise<string> {
  return text(session.request({ ":path": path }));
}

test("calls that cross the GOAWAY on their way are refused as not begun, so that they can be sent again", async () => {
  const { drain, begun, port } = await startServer();
  const client = await openClient(port);
  await ask(client, "/first");
  const drained = drain(10_000);
  // In one turn with the GOAWAY: the client has not seen it yet.
  const crossing = ["/a", "/b"].map((path) => ask(client, path));
  for (const call of crossing) await expect(call).rejects.toThrow("NGHTTP2_REFUSED_STREAM");
  await drained;
  expect(begun).toEqual(["/first"]);
});

test("a drain lets calls in flight end, takes no more connections, and closes those that are idle", async () => {
  const { drain, port, release } = await startServer();
  const [busy, idle] = [await openClient(port), await openClient(port)];
  await ask(idle, "/");
  const slow = ask(busy, "/slow");
  await ask(busy, "/"); // by now the server has both
  const drained = drain(10_000);
  await eventually(() => expect(idle.destroyed).toBe(true));
  await expect(openClient(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  release();
  expect(await slow).toBe("answer");
  await drained;
});

test("what has not ended in the time for it is broken off", async () => {
  const { drain, port } = await startServer();
  const client = await openClient(port);
  const slow = ask(client, "/slow").catch(() => "broken off");
  await ask(client, "/");
  await drain(20);
  await eventually(() => expect(client.destroyed).toBe(true));
  expect(await slow).not.toBe("answer");
});

test("a client that reads nothing any more, and would not hear of an end, is broken off as well", async () => {
  const { drain, begun, port } = await startServer();
  const socket = new Socket({ allowHalfOpen: true }).connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const client = connect(`http://127.0.0.1:${port}`, { createConnection: () => socket });
  client.on("error", () => {});
  const call = client.request({ ":path": "/slow" });
  call.on("error", () => {});
  await eventually(() => expect(begun).toEqual(["/slow"]));
  // Below the session, which would not let its socket be paused.
  (socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
  await drain(20);
});
