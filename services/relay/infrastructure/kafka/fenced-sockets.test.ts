import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { ConnectionPool, Writer } from "@platformatic/kafka";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { fenceConnections, fencedSockets } from "./fenced-sockets.ts";

interface FencedConnection {
  readonly socket: Socket;
  /** As the client sends a request. */
  send(request: Buffer): void;
}

/** How each client comes to a connection. */
const clients: Record<string, (port: number, mayWrite: () => boolean) => Promise<FencedConnection>> = {
  async kafkajs(port, mayWrite) {
    const open = fencedSockets(mayWrite);
    const socket = open({ host: "127.0.0.1", port, ssl: undefined as never, onConnect: () => {} });
    return { socket, send: (request) => void socket.write(request, "binary") };
  },
  async platformatic(port, mayWrite) {
    const pool = new ConnectionPool("test", { maxInflights: 100 });
    fenceConnections(pool, mayWrite);
    const connection = await pool.get({ host: "127.0.0.1", port });
    const send = (request: Buffer) => {
      const payload = () => Writer.create().append(request);
      connection.send(
        0,
        8,
        payload,
        () => {},
        false,
        false,
        () => {},
      );
    };
    return { socket: connection.socket, send };
  },
};

/** A peer that reads nothing until it is told to. */
async function openPeer(client: string, mayWrite: () => boolean) {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ pauseOnConnect: true }, accepted.resolve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connection = await (clients[client] as (typeof clients)[string])(port, mayWrite);
  const { socket } = connection;
  socket.on("error", () => {});
  const peer = await accepted.promise;
  peer.on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { ...connection, peer };
}

const LARGE = Buffer.alloc(20_000_000, "x");

describe.each(Object.keys(clients))("%s", (client) => {
  test("a request that the kernel has taken in part is not finished once the fence is closed", async () => {
    let mayWrite = true;
    const { socket, send, peer } = await openPeer(client, () => mayWrite);
    send(LARGE);
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

  test("a request that waits behind another is not begun once the fence is closed", async () => {
    let mayWrite = true;
    const { send, peer } = await openPeer(client, () => mayWrite);
    send(LARGE);
    send(Buffer.from("second"));
    mayWrite = false;
    const received: Buffer[] = [];
    peer.on("data", (bytes) => received.push(bytes));
    await once(peer.resume(), "close");
    expect(Buffer.concat(received).includes("second")).toBe(false);
  });

  test("while the fence is open, requests of all sizes arrive whole, in order", async () => {
    const { send, peer } = await openPeer(client, () => true);
    const requests = [1, 511, 512, 513, 65_536, 65_537, 66_048, 900_000].map((size, index) =>
      Buffer.alloc(size, 0xf0 + index),
    );
    const received: Buffer[] = [];
    peer.on("data", (bytes) => received.push(bytes));
    peer.resume();
    for (const request of requests) send(request);
    const sent = Buffer.concat(requests);
    // Without what a client puts before a request, in which no such byte is.
    const arrived = () => Buffer.from(Buffer.concat(received).filter((byte) => byte >= 0xf0));
    await eventually(() => expect(arrived().length).toBe(sent.length));
    expect(arrived().equals(sent)).toBe(true);
  });
});
