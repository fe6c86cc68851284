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
