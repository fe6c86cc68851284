import { type Row, relay } from "../panel.ts";

/** All replicas read these figures from the same database; the labels tell slots apart. */
const bySlot = "max by (job, slot)";

export const slot: Row = {
  title: "Slot",
  panels: [
    {
      kind: "graph",
      width: 12,
      title: "WAL that the slot keeps",
      description:
        "Confirmed-flush lag: what the relay has not confirmed. Retained: what Postgres keeps on its disk for the slot, more while long transactions run. Both grow for as long as nobody reads, and the disk fills, unless max_slot_wal_keep_size gives the slot up first.",
      alerts: ["OutboxRetainedWalHigh", "OutboxSafeWalRunningOut"],
      unit: "bytes",
      thresholds: { bad: 10 * 2 ** 30 },
      queries: [
        {
          expr: `${bySlot} (outbox_slot_confirmed_flush_lag_bytes{${relay}})`,
          legend: "{{slot}} confirmed-flush lag",
        },
        { expr: `${bySlot} (outbox_slot_retained_wal_bytes{${relay}})`, legend: "{{slot}} retained" },
      ],
    },
    {
      kind: "graph",
      width: 12,
      title: "WAL left before the slot is lost",
      description:
        "What may still be written before Postgres gives the slot up (max_slot_wal_keep_size). At 0 the slot is lost: the relay polls, makes a new one and drains what is missing, so nothing is lost, but it takes a while. No line: there is no limit, and the disk is the limit.",
      alerts: ["OutboxSafeWalRunningOut", "OutboxSlotWalUnsafe"],
      unit: "bytes",
      queries: [{ expr: `min by (job, slot) (outbox_slot_safe_wal_bytes{${relay}})`, legend: "{{slot}}" }],
    },
    {
      kind: "timeline",
      width: 12,
      title: "wal_status",
      description:
        "Postgres' word for the WAL that the slot needs. Reserved is normal, extended means more than max_wal_size; unreserved may be removed at the next checkpoint; lost is gone.",
      alerts: ["OutboxSlotWalUnsafe"],
      unit: "none",
      words: {
        1: { text: "reserved", color: "green" },
        2: { text: "extended", color: "orange" },
        3: { text: "unreserved", color: "red" },
        4: { text: "lost", color: "red" },
      },
      queries: [
        {
          // The worst that any replica has seen; they do not all look at the same moment.
          expr: ["lost", "unreserved", "extended", "reserved"]
            .map(
              (status, i) =>
                `${4 - i} * ${bySlot} (outbox_slot_wal_status{${relay}, wal_status="${status}"} == 1)`,
            )
            .join(" or "),
          legend: "{{slot}}",
        },
      ],
    },
    {
      kind: "timeline",
      width: 12,
      title: "Slot in use",
      description:
        "Whether a relay streams from the slot. It is not in use for seconds at a hand-over, and for as long as the relay polls or is paused; WAL piles up meanwhile.",
      alerts: ["OutboxSlotInactive"],
      unit: "none",
      words: {
        0: { text: "no slot", color: "orange" },
        1: { text: "not in use", color: "orange" },
        2: { text: "in use", color: "green" },
      },
      queries: [
        {
          // Without a slot there is no series that says whether it is in use.
          expr: `${bySlot} (outbox_slot_exists{${relay}}) + (${bySlot} (outbox_slot_active{${relay}}) or 0 * ${bySlot} (outbox_slot_exists{${relay}}))`,
          legend: "{{slot}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 6,
      title: "Out of use for",
      description: "How long nobody has streamed from the slot; 0 while it is in use.",
      alerts: ["OutboxSlotInactive"],
      unit: "s",
      thresholds: { bad: 600 },
      queries: [{ expr: `${bySlot} (outbox_slot_inactive_seconds{${relay}})`, legend: "{{slot}}" }],
    },
    {
      kind: "stat",
      width: 6,
      title: "Invalidated",
      description:
        "Why Postgres has given the slot up, if it has. The relay polls until it has made a new slot; what was not published is drained, so nothing is lost.",
      alerts: ["OutboxSlotWalUnsafe"],
      unit: "none",
      words: { 0: { text: "no", color: "green" }, 1: { text: "invalidated", color: "red" } },
      queries: [
        {
          expr: `max by (job, slot, reason) (outbox_slot_invalidated{${relay}}) or on (job, slot) 0 * ${bySlot} (outbox_slot_exists{${relay}})`,
          legend: "{{slot}} {{reason}}",
        },
      ],
    },
    {
      kind: "stat",
      width: 6,
      title: "Failover, synced",
      description:
        "Failover: Postgres 17 and later carry the slot over to a standby that has sync_replication_slots. Synced is 1 on such a standby only. No failover where there are standbys: after a failover a new slot is made and drained.",
      unit: "none",
      words: { 0: { text: "no", color: "text" }, 1: { text: "yes", color: "green" } },
      queries: [
        { expr: `${bySlot} (outbox_slot_failover{${relay}})`, legend: "{{slot}} failover" },
        { expr: `${bySlot} (outbox_slot_synced{${relay}})`, legend: "{{slot}} synced" },
      ],
    },
    {
      kind: "stat",
      width: 6,
      title: "Spilled in 1 h",
      description:
        "Transactions too big for logical_decoding_work_mem, which the walsender keeps on the database's disk until they commit: they are late, and cost disk.",
      unit: "bytes",
      queries: [
        { expr: `${bySlot} (increase(outbox_slot_spilled_bytes_total{${relay}}[1h]))`, legend: "{{slot}}" },
      ],
    },
  ],
};
