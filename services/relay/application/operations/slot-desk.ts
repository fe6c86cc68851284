import type { Lsn } from "../../domain/lsn.ts";
import type { Audit } from "./audit.ts";

/** The slot as Postgres has it, beside the relay's checkpoint. */
export interface SlotStanding {
  readonly name: string;
  /** Who streams from it. */
  readonly activePid: number | undefined;
  readonly walStatus: string;
  readonly confirmedFlushLsn: Lsn;
  /** What the server keeps for it. */
  readonly retainedBytes: number;
  /** What may still be written before it is lost; undefined without a limit (max_slot_wal_keep_size). */
  readonly safeBytes: number | undefined;
  /** Up to where the relay has published, by its checkpoint. */
  readonly checkpointLsn: Lsn;
  readonly walEnd: Lsn;
}

/** Port: the slot of the relay, for people. */
export interface SlotDesk {
  /** Undefined: there is none. */
  find(): Promise<SlotStanding | undefined>;
  /** As the relay itself would. Rejects with what helps when the WAL cannot be read, or when it is there. */
  create(audit: Audit): Promise<Lsn>;
  drop(audit: Audit): Promise<void>;
  /** Returns where it is then. */
  advance(to: Lsn, audit: Audit): Promise<Lsn>;
}
