import type { Lsn } from "../../domain/lsn.ts";

/** Microseconds between 1970 and 2000-01-01, where Postgres counts from. */
const POSTGRES_EPOCH_US = 946_684_800_000_000n;

/**
 * The message "Standby status update" of the streaming replication protocol
 * (https://www.postgresql.org/docs/current/protocol-replication.html#PROTOCOL-REPLICATION-STANDBY-STATUS-UPDATE) with write, flush
 * and apply at exactly `lsn`: a slot skips every transaction whose commit record starts below it, so that a position even one
 * byte past a transaction's end loses a transaction that begins its commit record there.
 */
export function standbyStatusUpdate(lsn: Lsn, unixMs: number, replyRequested = false): Buffer {
  const message = Buffer.alloc(34);
  message.write("r");
  message.writeBigUInt64BE(lsn, 1);
  message.writeBigUInt64BE(lsn, 9);
  message.writeBigUInt64BE(lsn, 17);
  message.writeBigInt64BE(BigInt(Math.trunc(unixMs)) * 1000n - POSTGRES_EPOCH_US, 25);
  message.writeUInt8(replyRequested ? 1 : 0, 33);
  return message;
}
