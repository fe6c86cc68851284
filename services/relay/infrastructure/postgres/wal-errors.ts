import { RelayError, type RelayErrorCode } from "../../application/relay-error.ts";

/** SQLSTATEs (PostgreSQL documentation, appendix A) that say why the WAL cannot be read, with what helps. */
const reasons: Readonly<Record<string, readonly [RelayErrorCode, string]>> = {
  "42501": ["NO_REPLICATION_RIGHT", "give it with: alter role … replication"],
  // No entry in pg_hba.conf for a replication connection.
  "28000": ["NO_REPLICATION_RIGHT", "let the role connect for replication in pg_hba.conf"],
  "53400": ["NO_SLOT_LEFT", "raise max_replication_slots or drop a slot that nobody reads"],
  "53300": ["NO_WALSENDER_LEFT", "raise max_wal_senders, or the role's or server's connection limit"],
  "55006": [
    "SLOT_IN_USE",
    "another process streams from the slot; set another RELAY_SLOT for one of the two",
  ],
  // Of PostgreSQL 17 and before; later ones only warn.
  "42704": ["PUBLICATION_INCOMPLETE", "make the publication, or set RELAY_PUBLICATION"],
  // lock_timeout and statement_timeout while a slot is made.
  "55P03": ["SLOT_NOT_MADE", "a transaction that is open keeps the slot from being made"],
  "57014": ["SLOT_NOT_MADE", "a transaction that is open keeps the slot from being made"],
};

/** The relay's error for what Postgres says about reading the WAL; anything else as it is. */
export function walError(error: unknown): unknown {
  if (error instanceof RelayError || !(error instanceof Error)) return error;
  const [code, help] = reasons[String((error as { code?: unknown }).code)] ?? [];
  return code ? new RelayError(code, `${error.message}; ${help}`, { cause: error }) : error;
}
