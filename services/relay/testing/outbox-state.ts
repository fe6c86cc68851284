import type { OutboxState, SlotState } from "../application/outbox-figures.ts";

/** An outbox that is idle, read by a relay that leads. */
export function outboxState(differing: Partial<OutboxState> = {}): OutboxState {
  return {
    readAt: 1_800_000_000_000,
    clockSkewMs: 0,
    oldestUnpublishedAgeMs: 0,
    unpublishedEvents: 0,
    unpublishedIsAtLeast: false,
    deadLetters: 0,
    parkedEvents: 0,
    mode: "cdc",
    leader: "relay-0 1",
    epoch: 1n,
    replicas: [{ name: "relay-0 1", isLeader: true }],
    slot: slotState(),
    ...differing,
  };
}

/** A healthy one that a relay reads from, on a server without a limit. */
export function slotState(differing: Partial<SlotState> = {}): SlotState {
  return {
    name: "outbox_relay",
    active: true,
    walStatus: "reserved",
    confirmedFlushLagBytes: 0,
    retainedWalBytes: 0,
    safeWalBytes: undefined,
    inactiveMs: 0,
    invalidationReason: undefined,
    failover: true,
    synced: false,
    spilledTransactions: 0,
    spilledBytes: 0,
    ...differing,
  };
}
