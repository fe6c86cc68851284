import { RelayError, type RelayErrorCode } from "../../application/relay-error.ts";
import type { PreparedSlot } from "../../application/replication-slot.ts";
import { formatLsn, type Lsn } from "../../domain/lsn.ts";
import type { Journal } from "./journal.ts";
import type { ModelDatabase } from "./model-database.ts";
import type { Random } from "./random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface Walsender {
  /** The server ends it; the client hears of it. */
  terminate(reason: string): void;
}

export interface SlotState {
  confirmedFlushLsn: Lsn;
  isLost: boolean;
  walsender: Walsender | undefined;
  /** What it was before: a crash of the server may bring the last one that is on disk back. */
  readonly before: Lsn[];
}

/** The slot, what others do with it, and what hinders reading the WAL. */
export interface ModelSlot {
  readonly state: SlotState | undefined;
  blockedBy: RelayErrorCode | "none in particular" | undefined;
  /** What every use of the WAL meets first. */
  assertReadable(): void;
  confirm(lsn: Lsn): void;
  /** See infrastructure/postgres/replication-slot.ts; `step` is the way to the server and back. */
  prepare(confirmedLsn: Lsn, options: PrepareOptions): Promise<PreparedSlot>;
  /** Somebody's doing, or the server's. */
  sabotage(what: SlotSabotage): void;
}

export interface PrepareOptions {
  readonly anew: boolean;
  readonly publication?: string | undefined;
  readonly signal: AbortSignal;
  readonly step: () => Promise<void>;
}

export const slotSabotages = ["end walsender", "drop", "recreate", "advance", "lose", "go back"] as const;
export type SlotSabotage = (typeof slotSabotages)[number];

const CREATE_TIMEOUT_MS = 800;
const CREATE_POLL_MS = 10;

export function createModelSlot(options: {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly database: ModelDatabase;
  readonly journal: Journal;
  readonly onConfirm: (lsn: Lsn) => void;
}): ModelSlot {
  const { clock, random, database, journal, onConfirm } = options;
  let state: SlotState | undefined;
  let blockedBy: ModelSlot["blockedBy"];

  function makeHere(): SlotState {
    if (state) throw new Error("the slot exists already");
    state = { confirmedFlushLsn: database.walEnd, isLost: false, walsender: undefined, before: [] };
    journal.note(`slot made at ${formatLsn(state.confirmedFlushLsn)}`);
    return state;
  }

  function drop(): void {
    if (!state) throw new Error("the slot does not exist");
    if (state.walsender) throw new RelayError("SLOT_IN_USE", "the slot is active");
    journal.note("slot dropped");
    state = undefined;
  }

  /** Waits for the transactions that are running: what they have written before could not be decoded. */
  async function create({ signal, step }: PrepareOptions): Promise<PreparedSlot> {
    await step();
    const running = database.runningXids();
    const deadline = clock.now + CREATE_TIMEOUT_MS;
    while (running.some((xid) => database.isRunning(xid))) {
      if (signal.aborted || clock.now > deadline)
        throw new RelayError("SLOT_NOT_MADE", "a transaction that is open keeps the slot from being made");
      await clock.delay(CREATE_POLL_MS);
      await step();
    }
    return { confirmedFlushLsn: makeHere().confirmedFlushLsn, complete: false };
  }

  function assertReadable(): void {
    if (blockedBy === "none in particular") throw new Error("connection refused");
    if (blockedBy) throw new RelayError(blockedBy, "the WAL cannot be read");
  }

  return {
    get state() {
      return state;
    },
    get blockedBy() {
      return blockedBy;
    },
    set blockedBy(code) {
      blockedBy = code;
    },
    assertReadable,
    confirm(lsn) {
      if (!state || lsn <= state.confirmedFlushLsn) return;
      journal.note(`slot confirmed to ${formatLsn(lsn)}`);
      onConfirm(lsn);
      state.before.push(state.confirmedFlushLsn);
      state.confirmedFlushLsn = lsn;
    },
    async prepare(confirmedLsn, prepareOptions) {
      const { anew, publication: readThrough, step } = prepareOptions;
      assertReadable();
      await step();
      const publication = database.publicationIdentity;
      if (database.publication !== "complete")
        throw new RelayError("PUBLICATION_INCOMPLETE", `the publication is ${database.publication}`);
      await step();
      const found = state;
      const make = async () => ({ ...(await create(prepareOptions)), publication });
      if (!found) return make();
      const confirmedFlushLsn = found.confirmedFlushLsn;
      if (found.walsender) {
        found.walsender.terminate("terminated by a new leader");
        await step();
      }
      const isOther = readThrough !== undefined && readThrough !== publication;
      if (anew || found.isLost || isOther) {
        drop();
        return make();
      }
      return { confirmedFlushLsn, complete: confirmedFlushLsn <= confirmedLsn, publication };
    },
    sabotage(what) {
      journal.note(`slot: ${what}`);
      state?.walsender?.terminate("terminating connection due to administrator command");
      if (!state) return;
      if (what === "drop" || what === "recreate") drop();
      if (what === "recreate") makeHere();
      if (!state) return;
      if (what === "advance") state.confirmedFlushLsn = database.walEnd;
      if (what === "lose") state.isLost = true;
      if (what === "go back" && state.before.length > 0)
        state.confirmedFlushLsn = state.before[random.below(state.before.length)] as Lsn;
    },
  };
}
