import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

const echo = createServer((socket) => socket.pipe(socket).on("error", () => {}));
let proxy: TcpProxy;

beforeAll(async () => {
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  proxy = await startTcpProxy({ host: "127.0.0.1", port: (echo.address() as AddressInfo).port });
});

afterAll(async () => {
  await proxy.close();
  echo.close();
});

async function open() {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

test("passes bytes both ways, holds them back while stalled, and breaks what is cut", async () => {
  const socket = await open();
  const received: string[] = [];
  socket.on("data", (chunk) => received.push(String(chunk)));
  socket.write("one");
  await expect.poll(() => received.join()).toBe("one");

  proxy.stall();
  socket.write("two");
  const probe = await open(); // a round trip of its own: what "two" needs has had its time
  await once(probe.end(), "finish");
  expect(received.join()).toBe("one");
  proxy.restore();
  await expect.poll(() => received.join("")).toBe("onetwo");

  proxy.cut();
  await once(socket, "close");
  const refused = await open();
  await once(refused, "close");
  proxy.restore();
  const again = await open();
  again.write("three");
  expect(String((await once(again, "data"))[0])).toBe("three");
  again.destroy();
});

test("stalls one way alone, and delays", async () => {
  const socket = await open();
  const received: string[] = [];
  socket.on("data", (chunk) => received.push(String(chunk)));
  proxy.stall("toClient");
  socket.write("held");
  const probe = await open();
  await once(probe.end(), "finish");
  expect(received).toEqual([]);
  proxy.restore();
  await expect.poll(() => received.join("")).toBe("held");

  proxy.delay(100);
  const sent = performance.now();
  socket.write("late");
  await expect.poll(() => received.join("")).toBe("heldlate");
  expect(performance.now() - sent).toBeGreaterThan(190);
  proxy.restore();
  socket.destroy();
});

test("a half-closed connection still passes bytes the other way", async () => {
  const heard: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (peer) => {
    peer.on("end", () => peer.write("still here"));
    peer.on("data", (chunk) => heard.push(String(chunk)));
    peer.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const half = await startTcpProxy({ host: "127.0.0.1", port });
  const socket = connect({ port: half.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  socket.write("hello");
  await expect.poll(() => heard.join("")).toBe("hello");
  half.halfClose("toServer");
  expect(String((await once(socket, "data"))[0])).toBe("still here");
  socket.destroy();
  await half.close();
  server.close();
});

test("an answer can be lost after its request has gone through", async () => {
  let lose = true;
  const lossy = await startTcpProxy({
    host: "127.0.0.1",
    port: (echo.address() as AddressInfo).port,
    onSent: (bytes, connection) => {
      if (lose && String(bytes) === "request") connection.loseAnswer();
    },
  });
  const connected = async () => {
    const socket = connect(lossy.port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  const unanswered = await connected();
  const received: string[] = [];
  unanswered.on("data", (chunk) => received.push(String(chunk)));
  unanswered.write("request");
  await once(unanswered, "close");
  expect(received).toEqual([]);
  lose = false;
  const answered = await connected();
  answered.write("request");
  expect(String((await once(answered, "data"))[0])).toBe("request");
  answered.destroy();
  await lossy.close();
});
