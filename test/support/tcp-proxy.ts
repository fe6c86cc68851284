import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Breaks all connections; new ones are broken at once. */
  cut(): void;
  /** Keeps the connections open and passes nothing on: a dead peer that nobody tells of. */
  stall(): void;
  /** Lets everything through again; what was held back by `stall` first. */
  restore(): void;
  close(): Promise<void>;
}

/** A TCP proxy on a free port of the loopback, to take a server away from one client without touching the server. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  let state: "open" | "cut" | "stalled" = "open";
  /** Each socket with the one that its bytes go to. */
  const sockets = new Map<Socket, Socket>();

  function passOn(from: Socket, to: Socket): void {
    sockets.set(from, to);
    if (state !== "stalled") from.pipe(to);
    from.on("error", () => {}); // "close" follows
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  }

  const server = createServer((client) => {
    if (state === "cut") return void client.destroy();
    const upstream = connect(target.port, target.host);
    passOn(client, upstream);
    passOn(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const destroyAll = () => {
    for (const socket of sockets.keys()) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = "cut";
      destroyAll();
    },
    stall() {
      state = "stalled";
      for (const [from, to] of sockets) from.unpipe(to).pause();
    },
    restore() {
      state = "open";
      for (const [from, to] of sockets) from.pipe(to);
    },
    async close() {
      destroyAll();
      server.close();
      await once(server, "close");
    },
  };
}
