import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { limitAge } from "./connection-age.ts";

/** A server whose connections grow old; it answers only when told to. */
async function serve(age: { maxAgeMs: number; graceMs: number }) {
  const waiting: Http2ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  const sessions: ServerHttp2Session[] = [];
  server.on("session", (session) => {
    sessions.push(session);
    limitAge(session, age);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => client.destroy());
  return { client, waiting };
}

async function answerTo(client: ClientHttp2Session, request = client.request()) {
  const [headers] = await once(request, "response");
  request.resume();
  return headers[":status"];
}

test("an old connection is told to go, and closes when it is idle", async () => {
  const { client } = await serve({ maxAgeMs: 50, graceMs: 10_000 });
  expect((await once(client, "goaway"))[0]).toBe(0);
  await once(client, "close");
});

test("a stream in flight is finished before an old connection closes", async () => {
  const { client, waiting } = await serve({ maxAgeMs: 50, graceMs: 10_000 });
  const answer = answerTo(client);
  await once(client, "goaway");
  expect(client.destroyed).toBe(false);
  waiting[0]?.end("done");
  expect(await answer).toBe(200);
  await once(client, "close");
});

test("a stream that does not end within the grace is destroyed with its connection", async () => {
  const { client } = await serve({ maxAgeMs: 50, graceMs: 50 });
  const request = client.request();
  await once(request, "close");
  expect(client.closed).toBe(true);
});
