import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** Throws, naming the port, when somebody listens on it. */
export async function assertPortFree(port: number, name: string): Promise<void> {
  const reason = await whyTaken(port);
  if (reason === undefined) return;
  throw new Error(
    `port ${port} for ${name} ${reason}; stop what uses it (ss -ltnp 'sport = :${port}' shows it) or choose another port`,
  );
}

// Below Linux's range for outgoing connections (from 32768), so that a restart on the same port does not find it taken by a
// client, and clear of the default ports of `npm start`.
const lowestFree = 21_000;
const endOfFree = 26_000;

/**
 * A loopback port that nobody listens on, and that no `freePort` gives to anybody else while this process lives: a server may be
 * stopped and started again on it.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowestFree, endOfFree);
    if ((await whyTaken(port)) === undefined && (await reserve(port))) return port;
  }
  throw new Error(`no free port found between ${lowestFree} and ${endOfFree}`);
}

/** By the UDP port of the same number, which nothing here needs: the operating system takes it back when the process ends. */
async function reserve(port: number): Promise<boolean> {
  const socket = createSocket("udp4").unref();
  try {
    socket.bind({ port, address: "127.0.0.1", exclusive: true });
    await once(socket, "listening");
    return true;
  } catch {
    socket.close();
    return false;
  }
}

async function whyTaken(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host: "127.0.0.1", exclusive: true });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE") return "is in use";
    if (code === "EACCES") return "may not be opened by this user";
    throw error;
  } finally {
    server.close();
  }
}
