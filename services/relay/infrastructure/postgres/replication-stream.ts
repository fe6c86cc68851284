import { type Client, escapeIdentifier, escapeLiteral } from "pg";
import { LogicalReplicationService } from "pg-logical-replication";
import type { EventStream, OpenStream, StreamSink } from "../../application/event-stream.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { Lsn } from "../../domain/lsn.ts";
import type { OutboxTableName } from "../../domain/outbox-columns.ts";
import { type CoalescedReads, coalesceReads } from "./coalesced-reads.ts";
import { connectionOptions } from "./connection-options.ts";
import { createPgoutputDecoder } from "./pgoutput-decoder.ts";
import { standbyStatusUpdate } from "./standby-status-update.ts";
import { walError } from "./wal-errors.ts";
import { parseTick, TICK_PREFIX } from "./wal-heartbeat.ts";

export interface ReplicationStreamOptions {
  readonly databaseUrl: string;
  readonly relay: string;
  readonly slot: string;
  readonly publication: string;
  readonly table: OutboxTableName;
}

/** What pg's Client does not declare: the protocol connection below it. */
interface ProtocolConnection {
  on(event: "copyData", listener: (message: { readonly chunk: Buffer }) => void): void;
  removeAllListeners(event: "copyData"): void;
  readonly stream: NodeJS.ReadableStream & { destroy(): void };
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Duck-typed: the library calls `start` once. */
type Plugin = Parameters<LogicalReplicationService["subscribe"]>[0];

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 3_000;
const MAX_STATUS_INTERVAL_MS = 10_000;
/** SQLSTATE of the mere warning that PostgreSQL 18 gives for a publication that is missing at this point of the WAL. */
const OBJECT_NOT_IN_PREREQUISITE_STATE = "55000";

/** What the server sends: PostgreSQL documentation, "Streaming Replication Protocol", START_REPLICATION. */
const XLOG_DATA = 0x77; // w
const XLOG_DATA_BEGIN = 25;
const KEEPALIVE = 0x6b; // k

/**
 * Streams through pg-logical-replication, of which only the connection and START_REPLICATION are used. Its
 * acknowledgement (off by one byte, and on a timer for whatever was received) and its flow control are switched off, its reading of
 * messages (ten objects and a promise for each) is replaced; each connection gets a new object, started at 0/0, so that the server begins at
 * the slot's own position.
 */
export function createReplicationStream(options: ReplicationStreamOptions): EventStream {
  return { open: (sink) => openStream(options, sink) };
}

async function openStream(options: ReplicationStreamOptions, sink: StreamSink): Promise<OpenStream> {
  const service = new LogicalReplicationService(
    connectionOptions(options.databaseUrl, `outbox-relay ${options.relay} stream`),
    { acknowledge: { auto: false, timeoutSeconds: 0 }, flowControl: { enabled: false } },
  );
  const started = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<Error>();
  let connection: ProtocolConnection | undefined;
  let reads: CoalescedReads | undefined;
  let statusTimer: NodeJS.Timeout | undefined;
  let confirmed: Lsn = 0n;
  let lastReceivedAt = performance.now();
  let dropping = false;

  const decode = createPgoutputDecoder(options.table, {
    begin: sink.begin,
    described: sink.described,
    event: sink.event,
    commit: sink.commit,
    message(prefix, content) {
      if (prefix !== TICK_PREFIX) return;
      const tick = parseTick(content, options.relay);
      if (tick) sink.tick(tick);
    },
  });

  /** An exception here would be an uncaught one in the driver's socket handler, and the same bytes would come again. */
  function guarded(message: Buffer): void {
    if (dropping) return;
    try {
      receive(message);
    } catch (error) {
      fail(error);
    }
  }

  function fail(failure: unknown): void {
    const cause = walError(failure);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error =
      cause instanceof RelayError
        ? cause
        : new RelayError("STREAM_LOST", `stream lost: ${reason}`, { cause });
    started.reject(error);
    // Once dropped on purpose, the end of the connection is no loss.
    if (!dropping) lost.resolve(error);
    destroy();
  }

  function sendStatus(replyRequested = false): void {
    if (connection && !isDestroyed(connection)) {
      connection.sendCopyFromChunk(standbyStatusUpdate(confirmed, Date.now(), replyRequested));
    }
  }

  function destroy(): void {
    dropping = true;
    clearInterval(statusTimer);
    connection?.stream.destroy();
    void service.destroy().catch(() => {});
  }

  function receive(message: Buffer): void {
    switch (message[0]) {
      case XLOG_DATA:
        decode(message, XLOG_DATA_BEGIN);
        return;
      case KEEPALIVE:
        sink.keepalive(message.readBigUInt64BE(1));
        if (message[17] === 1) sendStatus();
        return;
      default:
        throw new Error(`the server sent a message of unknown kind ${message[0] ?? "(empty)"}`);
    }
  }

  const plugin = {
    name: "pgoutput",
    options: {},
    async start(client: Client, slot: string, startLsn: string): Promise<unknown> {
      connection = (client as unknown as { connection: ProtocolConnection }).connection;
      connection.removeAllListeners("copyData");
      connection.on("copyData", ({ chunk }) => guarded(chunk));
      connection.stream.on("data", () => {
        lastReceivedAt = performance.now();
      });
      reads = coalesceReads(connection.stream);
      client.on("notice", (notice) => {
        if (notice.code !== OBJECT_NOT_IN_PREREQUISITE_STATE) return;
        fail(new RelayError("PUBLICATION_INCOMPLETE", `${notice.message}: ${notice.detail ?? ""}`));
      });
      // How timestamps look in the tuples depends on this session.
      await client.query("set datestyle to iso; set timezone to 'UTC'");
      const timeout = await client.query(
        "select setting::int as ms from pg_settings where name = 'wal_sender_timeout'",
      );
      startStatusTimer(Number(timeout.rows[0]?.ms ?? 0));
      return client.query(
        `START_REPLICATION SLOT ${escapeIdentifier(slot)} LOGICAL ${startLsn} (proto_version '1', publication_names ${escapeLiteral(escapeIdentifier(options.publication))}, messages 'true')`,
      );
    },
  };

  function startStatusTimer(walSenderTimeoutMs: number): void {
    const third = walSenderTimeoutMs > 0 ? walSenderTimeoutMs / 3 : MAX_STATUS_INTERVAL_MS;
    statusTimer = setInterval(() => sendStatus(), Math.min(third, MAX_STATUS_INTERVAL_MS));
  }

  service.on("start", () => started.resolve());
  service.on("error", fail);
  const copy = service
    .subscribe(plugin as unknown as Plugin, options.slot, "0/00000000")
    .then(() => fail(new Error("the server ended the stream")), fail);

  const starting = setTimeout(
    () => fail(new Error(`no answer to START_REPLICATION within ${START_TIMEOUT_MS / 1000} s`)),
    START_TIMEOUT_MS,
  );
  await started.promise.finally(() => clearTimeout(starting));
  return {
    lost: lost.promise,
    get lastReceivedAt() {
      return lastReceivedAt;
    },
    confirm(lsn) {
      if (lsn <= confirmed) return;
      confirmed = lsn;
      sendStatus();
    },
    askForReply: () => sendStatus(true),
    pause: () => reads?.pause(),
    resume: () => reads?.resume(),
    async stop() {
      dropping = true;
      clearInterval(statusTimer);
      sendStatus();
      connection?.endCopyFrom();
      reads?.resume();
      const expired = Promise.withResolvers<void>();
      const timer = setTimeout(expired.resolve, STOP_TIMEOUT_MS);
      await Promise.race([copy, expired.promise]);
      clearTimeout(timer);
      await service.stop();
    },
    destroy,
  };
}

function isDestroyed(connection: ProtocolConnection): boolean {
  return (connection.stream as { destroyed?: boolean }).destroyed === true;
}
