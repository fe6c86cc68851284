import { Connection, type PoolClient } from "pg";

/** What pg's types leave out of its classes. */
interface Backend {
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly processID: number;
  readonly secretKey: number;
}
interface Wire {
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

const TIMEOUT_MS = 2_000;

/**
 * Asks Postgres to end the statement that the client's connection runs now, over a connection of its own
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS). By the connection's secret key, not by
 * `pg_cancel_backend`: behind PgBouncer the process id is not the backend's.
 *
 * Once this has resolved the request was delivered: a statement that is sent later is not hit by it.
 */
export async function cancelStatement(client: PoolClient): Promise<void> {
  const { host, port, ssl, processID, secretKey } = client as unknown as Backend;
  const connection = new Connection({ ssl: ssl as boolean });
  const wire = connection as unknown as Wire;
  const send = () => wire.cancel(processID, secretKey);
  const closed = new Promise<void>((resolve, reject) => {
    connection.once("end", resolve);
    connection.on("error", reject);
  });
  connection.once("connect", ssl ? () => wire.requestSsl() : send);
  connection.once("sslconnect", send);
  const timer = setTimeout(() => connection.stream.destroy(), TIMEOUT_MS);
  try {
    if (host.startsWith("/")) wire.connect(`${host}/.s.PGSQL.${port}`);
    else wire.connect(port, host);
    await closed; // by Postgres, when it has passed the request on
  } finally {
    clearTimeout(timer);
  }
}
