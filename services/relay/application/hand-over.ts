import { type Backoff, createBackoff } from "../../platform/backoff.ts";
import { delay } from "../../platform/delay.ts";
import type { Leadership } from "./leadership.ts";
import { causeOf, type ModeCause } from "./mode-cause.ts";
import { pollOutbox } from "./poll-outbox.ts";
import { type ReadingWal, readWal } from "./read-wal.ts";
import type { RelayMode } from "./relay-control.ts";
import { hasCode, isLasting } from "./relay-error.ts";
import type { ReadingMode, RelayHistory } from "./relay-history.ts";
import type { PreparedSlot } from "./replication-slot.ts";
import { type Resuming, resumeFromCheckpoint } from "./resume.ts";

export type HandingOver = ReadingWal &
  Resuming & {
    readonly mode: RelayMode;
    /** Why it is that mode, when it is not `auto`: for the history. */
    readonly modeReason: string;
    readonly history: RelayHistory;
    readonly pollIntervalMs: number;
    /** The WAL may be unreadable for this long, for a reason that may pass, before polling takes over. */
    readonly fallbackAfterMs: number;
  };

const MIN_TRY_MS = 500;
const RETRY = { initialMs: 100, maxMs: 2_000 };
/** While polling goes well there is no hurry to get back. */
const WAY_BACK = { initialMs: 500, maxMs: 30_000 };
/** A walsender may be busy with a transaction that is none of ours: with each silence more of it is put up with. */
const MAX_PATIENCE = 64;

/**
 * Reads the outbox in the way that `mode` says until `halt`. Each way starts from the checkpoint and from what is on Kafka beyond
 * it, so that a change is a start like any other: nothing is lost or repeated. Rejects when SQL fails.
 *
 * Resolves with whether nothing of any leader is on its way to Kafka: not so when `settle` and it was halted before it had settled.
 */
export async function readByMode(
  deps: HandingOver,
  leadership: Leadership,
  settle: boolean,
): Promise<boolean> {
  const { halt, saver, epoch } = leadership;
  const { observer, log, history, slot } = deps;
  const retry = createBackoff(RETRY);
  let mode = await history.lastMode();
  let mustSettle = settle;
  let failingSince: number | undefined;
  let patience = 1;
  /** The slot's WAL has a stretch in which the publication was missing: it cannot be read across. */
  let anew = false;

  const requested: ModeCause = { code: "requested", text: deps.modeReason };
  const recovered: ModeCause = { code: "recovered", text: "the WAL can be read" };

  const known = () => ({ anew, publication: saver.current.publication });

  async function enter(next: ReadingMode, { code, text: reason }: ModeCause): Promise<void> {
    if (mode === next) return;
    log.warn({ from: mode, to: next, code, reason }, "the way of reading the outbox changes");
    if (mode) observer.modeChanged(mode, next, code);
    await history.modeChanged({ epoch, from: mode, to: next, reason });
    mode = next;
  }

  async function stream(prepared: PreparedSlot): Promise<void> {
    const patient = { ...deps, tickTimeoutMs: deps.tickTimeoutMs * patience };
    await resumeFromCheckpoint(deps, leadership, mustSettle, (resumed) => {
      mustSettle = false;
      return readWal(patient, resumed, prepared, async () => {
        failingSince = undefined;
        anew = false;
        await enter("cdc", deps.mode === "auto" ? recovered : requested);
      });
    });
  }

  async function poll(reading: Leadership, cause: ModeCause, onPolling = () => {}): Promise<void> {
    await enter("polling", cause);
    await resumeFromCheckpoint(deps, reading, mustSettle, (resumed) => {
      mustSettle = false;
      onPolling();
      return pollOutbox(deps, resumed);
    });
  }

  function noteFailure(err: unknown): ModeCause {
    // Not the WAL's fault: another leads, or somebody has reset the checkpoint.
    if (hasCode(err, "LEASE_LOST")) throw err;
    failingSince ??= performance.now();
    if (hasCode(err, "PUBLICATION_INCOMPLETE")) anew = true;
    patience = hasCode(err, "STREAM_SILENT") ? Math.min(patience * 2, MAX_PATIENCE) : 1;
    return causeOf(err);
  }

  function mustFallBack(err: unknown): boolean {
    if (deps.mode !== "auto") return false;
    return isLasting(err) || performance.now() - (failingSince ?? 0) > deps.fallbackAfterMs;
  }

  /** Making a slot may have to wait for others' transactions: polling must not wait with it. */
  function untilFallback(): AbortSignal {
    if (deps.mode !== "auto") return halt;
    return AbortSignal.any([halt, AbortSignal.timeout(Math.max(deps.fallbackAfterMs, MIN_TRY_MS))]);
  }

  /** Resolves with why the WAL cannot be read; undefined at `halt`. */
  async function streamWhilePossible(): Promise<ModeCause | undefined> {
    while (!halt.aborted) {
      try {
        await stream(await slot.prepare(saver.current.confirmedLsn, { ...known(), signal: untilFallback() }));
      } catch (err) {
        if (halt.aborted) return undefined;
        const cause = noteFailure(err);
        if (mustFallBack(err)) return cause;
        const waitMs = Math.round(retry.next());
        observer.phase("recovering", cause.text);
        log.error({ err, waitMs }, "the WAL cannot be read, trying again");
        await delay(waitMs, halt);
      }
      if (failingSince === undefined) retry.reset();
    }
    return undefined;
  }

  /** Polls until a slot is there to stream from, which it returns; undefined at `halt`. */
  async function pollUntilStreamable(cause: ModeCause, wayBack: Backoff): Promise<PreparedSlot | undefined> {
    const enough = new AbortController();
    const polling = { ...leadership, halt: AbortSignal.any([halt, enough.signal]) };
    let finding: Promise<PreparedSlot | undefined> = Promise.resolve(undefined);
    try {
      // Only once it polls: else a way back that looks open, and is not, could keep it from ever publishing.
      await poll(polling, cause, () => {
        finding = findSlot(wayBack, polling.halt).finally(() => enough.abort());
        // Awaited below; until then its rejection has nobody else.
        finding.catch(() => {});
      });
    } finally {
      enough.abort();
      await Promise.allSettled([finding]);
    }
    return finding;
  }

  async function findSlot(wayBack: Backoff, signal: AbortSignal): Promise<PreparedSlot | undefined> {
    while (!signal.aborted) {
      await delay(wayBack.next(), signal);
      if (signal.aborted) break;
      try {
        return await slot.prepare(saver.current.confirmedLsn, { ...known(), signal });
      } catch (err) {
        noteFailure(err);
        log.info({ err }, "the WAL still cannot be read");
      }
    }
    return undefined;
  }

  /** Resolves when the stream, once it was open again, has ended, and at `halt`. */
  async function pollUntilStreaming(first: ModeCause): Promise<void> {
    const wayBack = createBackoff(WAY_BACK);
    for (let cause = first; !halt.aborted; ) {
      const prepared = await pollUntilStreamable(cause, wayBack);
      if (!prepared || halt.aborted) return;
      try {
        await stream(prepared);
      } catch (err) {
        cause = noteFailure(err);
        if (!halt.aborted) log.warn({ err }, "the stream is down again");
      }
      // It was open: whatever ended that is looked at afresh.
      if (mode === "cdc") return;
    }
  }

  if (deps.mode === "polling") await poll(leadership, requested);
  while (!halt.aborted) {
    const cause = await streamWhilePossible();
    if (cause) await pollUntilStreaming(cause);
  }
  return !mustSettle;
}
