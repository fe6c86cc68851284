import { once } from "node:events";
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { trackSessions } from "./http2-drain.ts";

/** Answers /slow when `release` is called, and all else at once. */
async function startServer() {
  const release = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    if (request.url === "/slow") await release.promise;
    response.end("answer");
  });
  const sessions = trackSessions(server);
  const opened: ServerHttp2Session[] = [];
  server.on("session", (session) => opened.push(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const session of opened) session.destroy();
    server.close();
  });
  return { server, sessions, opened, release: release.resolve, port: (server.address() as AddressInfo).port };
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

test("calls that cross the GOAWAY on their way are answered, and then the session is closed", async () => {
  const { sessions, opened, port } = await startServer();
  for (let round = 0; round < 20; round++) {
    const client = await openClient(port);
    const goaways: number[] = [];
    client.on("goaway", (_code, lastStreamId) => goaways.push(lastStreamId));
    await ask(client, "/");
    const retired = sessions.retire(opened.at(-1) as ServerHttp2Session);
    // In one turn with the GOAWAY: the client has not seen it yet.
    const crossing = Array.from({ length: 5 }, () => ask(client, "/"));
    expect(await Promise.all(crossing)).toEqual(Array(5).fill("answer"));
    await retired;
    await eventually(() => expect(client.closed).toBe(true));
    expect(goaways[0]).toBe(2 ** 31 - 1);
    expect(goaways.at(-1)).toBe(11);
  }
});

test("a drain lets calls in flight end, takes no more connections, and closes those that are idle", async () => {
  const { sessions, port, release } = await startServer();
  const [busy, idle] = [await openClient(port), await openClient(port)];
  await ask(idle, "/");
  const slow = ask(busy, "/slow");
  await ask(busy, "/"); // by now the server has both
  const drained = sessions.drain(10_000);
  await eventually(() => expect(idle.destroyed).toBe(true));
  await expect(openClient(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  release();
  expect(await slow).toBe("answer");
  await drained;
});

test("what has not ended in the time for it is broken off", async () => {
  const { sessions, port } = await startServer();
  const client = await openClient(port);
  const slow = ask(client, "/slow").catch(() => "broken off");
  await ask(client, "/");
  await sessions.drain(20);
  await eventually(() => expect(client.destroyed).toBe(true));
  expect(await slow).not.toBe("answer");
});
