import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createProxyLink, type ProxyLink } from "./tcp-proxy-link.ts";

/** Which way bytes go. */
export type Direction = "toServer" | "toClient";

export interface TcpProxy {
  readonly port: number;
  /** Breaks all connections; new ones are broken at once. */
  cut(): void;
  /** Keeps the connections open and passes nothing on: a dead peer that nobody tells of. Without a direction, both ways. */
  stall(direction?: Direction): void;
  /** Passes every byte on this much later, each way. */
  delay(ms: number): void;
  /** Says on all connections that nothing more will come this way, and goes on passing bytes the other way. */
  halfClose(direction: Direction): void;
  /** Lets everything through again, without delay; what was held back by `stall` first. */
  restore(): void;
  close(): Promise<void>;
}

export interface ProxiedConnection {
  /** Passes on no answer any more, and breaks the connection when the server has given one. */
  loseAnswer(): void;
  /** Passes on no answer any more, and keeps the connection open. */
  stallAnswers(): void;
}

export interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  /** Sees what a client sends, before the server does. */
  readonly onSent?: (bytes: Buffer, connection: ProxiedConnection) => void;
}

interface Connection {
  readonly toServer: ProxyLink;
  readonly toClient: ProxyLink;
}

/** A TCP proxy on a free port of the loopback, to take a server away from one client without touching the server. */
export async function startTcpProxy(target: ProxyOptions): Promise<TcpProxy> {
  let isCut = false;
  let delayMs = 0;
  const stalled = new Set<Direction>();
  const connections = new Set<Connection>();

  function pair(client: Socket): void {
    const upstream = connect({ host: target.host, port: target.port, allowHalfOpen: true });
    const link = (from: Socket, to: Socket, direction: Direction) =>
      createProxyLink(from, to, { delayMs, stalled: stalled.has(direction) });
    const connection = {
      toServer: link(client, upstream, "toServer"),
      toClient: link(upstream, client, "toClient"),
    };
    const { onSent } = target;
    if (onSent) {
      const loseAnswer = () => connection.toClient.swallow(() => destroy(connection));
      const stallAnswers = () => connection.toClient.stall();
      connection.toServer.onBytes((bytes) => onSent(bytes, { loseAnswer, stallAnswers }));
    }
    connections.add(connection);
    for (const socket of [client, upstream]) socket.on("close", () => destroy(connection));
  }

  function destroy(connection: Connection): void {
    connections.delete(connection);
    connection.toServer.destroy();
    connection.toClient.destroy();
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (isCut) client.destroy();
    else pair(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const links = (direction: Direction) => Array.from(connections, (connection) => connection[direction]);
  const both: readonly Direction[] = ["toServer", "toClient"];
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const connection of connections) destroy(connection);
    },
    stall(direction) {
      for (const each of direction ? [direction] : both) {
        stalled.add(each);
        for (const link of links(each)) link.stall();
      }
    },
    delay(ms) {
      delayMs = ms;
      for (const direction of both) for (const link of links(direction)) link.delay(ms);
    },
    halfClose(direction) {
      for (const link of links(direction)) link.end();
    },
    restore() {
      isCut = false;
      delayMs = 0;
      stalled.clear();
      for (const direction of both) {
        for (const link of links(direction)) {
          link.delay(0);
          link.resume();
        }
      }
    },
    async close() {
      for (const connection of connections) destroy(connection);
      server.close();
      await once(server, "close");
    },
  };
}
