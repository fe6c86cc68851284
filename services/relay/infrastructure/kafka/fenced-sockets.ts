import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ISocketFactory } from "kafkajs";

const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * Connections that write only while `mayWrite`. This is the last point where a process that was frozen can be kept from sending
 * what another has sent meanwhile: kafkajs sends again by itself after a time-out, and asks nobody. A connection that is
 * refused a write is destroyed; kafkajs opens another and tries again, with the same sequence numbers.
 */
export function fencedSockets(mayWrite: () => boolean): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const socket: Socket = ssl
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    socket.write = ((...args: unknown[]) => {
      if (mayWrite()) return write(...args);
      socket.destroy(new Error("the lease has not been seen alive: nothing may be sent"));
      return false;
    }) as typeof socket.write;
    return socket;
  };
}
