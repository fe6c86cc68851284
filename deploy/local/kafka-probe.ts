import { once } from "node:events";
import { createConnection } from "node:net";

/**
 * Asks the broker for the cluster's metadata and throws unless it names a broker, which it does from when it is registered
 * and can serve clients. Two dozen bytes by hand (https://kafka.apache.org/protocol.html#The_Messages_Metadata, version 4)
 * rather than a client library: the local stack must not depend on which one the services use.
 */
export async function probeKafka(port: number): Promise<void> {
  const socket = createConnection({ host: "127.0.0.1", port });
  socket.setTimeout(2000, () => socket.destroy(new Error("no answer within 2 s")));
  try {
    await once(socket, "connect");
    socket.write(metadataRequest());
    let answer = Buffer.alloc(0);
    // size, correlation id, throttle time, number of brokers: four bytes each
    while (answer.length < 16) {
      const [chunk] = (await Promise.race([once(socket, "data"), rejectWhenClosed(socket)])) as [Buffer];
      answer = Buffer.concat([answer, chunk]);
    }
    if (answer.readInt32BE(12) < 1) throw new Error("the broker is not registered yet");
  } finally {
    socket.destroy();
  }
}

function metadataRequest(): Buffer {
  const clientId = Buffer.from("local-stack");
  const header = Buffer.alloc(10);
  header.writeInt16BE(3, 0); // Metadata
  header.writeInt16BE(4, 2); // version
  header.writeInt32BE(1, 4); // correlation id
  header.writeInt16BE(clientId.length, 8);
  const body = Buffer.from([0, 0, 0, 0, 0]); // no topics; do not create any
  const size = Buffer.alloc(4);
  size.writeInt32BE(header.length + clientId.length + body.length);
  return Buffer.concat([size, header, clientId, body]);
}

async function rejectWhenClosed(socket: NodeJS.EventEmitter): Promise<never> {
  await once(socket, "close");
  throw new Error("the broker closed the connection");
}
