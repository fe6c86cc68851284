import type { SlotState } from "../outbox-figures.ts";
import { bytes } from "../sizes.ts";
import type { Advice, Fact } from "./fact.ts";
import type { Seen } from "./seen.ts";
import { thresholds } from "./thresholds.ts";
import { clause, duration } from "./wording.ts";

/** The replication slot, and how much WAL may still pile up before Postgres gives it up. */
export function slotFact({ figures }: Seen): Fact {
  const fact = { name: "slot", title: "Slot's WAL" } as const;
  if (figures === undefined)
    return { ...fact, value: "not known", verdict: "note", words: "Postgres cannot be asked" };
  const { slot, mode } = figures;
  if (!slot && mode === "cdc")
    return {
      ...fact,
      value: "no slot",
      verdict: "degraded",
      words: "somebody has dropped it",
      advice: {
        what: "There is no replication slot, though the relay is to read the WAL.",
        todo: "The relay makes it anew and publishes what it missed from the table. If it cannot, the doctor says why.",
        command: "npx outbox doctor",
        runbook: "OutboxSlotInactive",
      },
    };
  if (!slot) return { ...fact, value: "no slot", verdict: "note", words: "none is needed to poll" };
  const value = `${bytes(slot.retainedWalBytes)} retained`;
  const unsafe = whyUnsafe(slot);
  if (unsafe)
    return {
      ...fact,
      value,
      verdict: "degraded",
      words: `${slot.walStatus}; ${clause(unsafe.what)}`,
      advice: unsafe,
    };
  if (slot.safeWalBytes === undefined)
    return {
      ...fact,
      value,
      verdict: "note",
      words: `${slot.walStatus}; no limit (max_slot_wal_keep_size): unread, WAL would fill the disk`,
    };
  return {
    ...fact,
    value,
    verdict: "fine",
    words: `fine: ${slot.walStatus}, ${bytes(slot.safeWalBytes)} to go`,
  };
}

function whyUnsafe(slot: SlotState): Advice | undefined {
  const { walStatus, invalidationReason, retainedWalBytes, safeWalBytes, active, inactiveMs } = slot;
  if (walStatus === "lost" || invalidationReason !== undefined)
    return {
      what: `Postgres has given the slot up: ${clause(invalidationReason ?? "its WAL was removed")}.`,
      todo: "The relay makes it anew and publishes what it missed from the table. Find out why it was not read in time, or raise max_slot_wal_keep_size.",
      command: "npx outbox doctor",
      runbook: "OutboxSlotWalUnsafe",
    };
  if (walStatus === "unreserved")
    return {
      what: "The slot's WAL is past its limit, and the next checkpoint may remove it.",
      todo: "Have the relay read it now (is it stopped or paused?), or raise max_slot_wal_keep_size and reload Postgres.",
      command: "npx outbox status",
      runbook: "OutboxSlotWalUnsafe",
    };
  if (
    safeWalBytes !== undefined &&
    safeWalBytes < thresholds.walBudgetLeft * (retainedWalBytes + safeWalBytes)
  )
    return {
      what: `Only ${bytes(safeWalBytes)} of WAL are left before Postgres gives the slot up.`,
      todo: "Have the relay read it (is it stopped, paused or late?), or raise max_slot_wal_keep_size and reload Postgres.",
      command: "npx outbox status",
      runbook: "OutboxSafeWalRunningOut",
    };
  if (safeWalBytes === undefined && retainedWalBytes > thresholds.retainedWalBytes)
    return {
      what: `The slot holds back ${bytes(retainedWalBytes)} of WAL, and no limit keeps it from filling the disk.`,
      todo: "Have the relay read it (is it stopped, paused or late?). If the disk is nearly full, drop the slot: the relay makes it anew.",
      command: "npx outbox status",
      runbook: "OutboxRetainedWalHigh",
    };
  if (!active && inactiveMs > thresholds.slotInactiveMs)
    return {
      what: `Nobody has read the slot for ${duration(inactiveMs)}, and it holds back WAL.`,
      todo: "Start the relay, or see why it polls. If it is never to read the WAL again, drop the slot.",
      command: "npx outbox status",
      runbook: "OutboxSlotInactive",
    };
  return undefined;
}
