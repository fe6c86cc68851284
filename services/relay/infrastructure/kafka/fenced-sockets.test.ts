import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { fencedSockets } from "./fenced-sockets.ts";

/** A peer that reads nothing until it is told to. */
async function openPeer(mayWrite: () => boolean) {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ pauseOnConnect: true }, accepted.resolve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = fencedSockets(mayWrite)({
    host: "127.0.0.1",
    port,
    ssl: undefined as never,
    onConnect: () => {},
  });
  socket.on("error", () => {});
  const peer = await accepted.promise;
  peer.on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { socket, peer };
}

const LARGE = Buffer.alloc(20_000_000, "x");

test("a request that the kernel has taken in part is not finished once the fence is closed", async () => {
  let mayWrite = true;
  const { socket, peer } = await openPeer(() => mayWrite);
  socket.write(LARGE);
  await eventually(() => expect(socket.writableLength).toBeGreaterThan(0));
  // As in a process that is frozen now and wakes up later.
  mayWrite = false;
  let received = 0;
  peer.on("data", (bytes) => {
    received += bytes.length;
  });
  await once(peer.resume(), "close");
  expect(received).toBeGreaterThan(0);
  expect(received).toBeLessThan(LARGE.length);
});

test("while the fence is open, requests of all sizes arrive as they are, in order", async () => {
  const { socket, peer } = await openPeer(() => true);
  const requests = [1, 511, 512, 513, 65_536, 65_537, 66_048, 900_000].map((size, index) =>
    Buffer.alloc(size, index + 1),
  );
  const received: Buffer[] = [];
  peer.on("data", (bytes) => received.push(bytes));
  peer.resume();
  for (const request of requests) socket.write(request, "binary");
  const sent = Buffer.concat(requests);
  await eventually(() => expect(Buffer.concat(received).length).toBe(sent.length));
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});
