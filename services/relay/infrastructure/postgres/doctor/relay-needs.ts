/** What the relay keeps its state in (sql/migrations), and what its role needs to do there (sql/roles.sql). */
export const relayRelations: readonly {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rights: readonly string[];
}[] = [
  {
    name: "relay_checkpoint",
    columns: [
      "relay",
      "published",
      "drain_snapshot",
      "drain_position",
      "published_offsets",
      "confirmed_lsn",
      "confirmed_offsets",
      "slot",
      "system_identifier",
      "mode",
      "epoch",
      "leader",
      "updated_at",
      "publication",
    ],
    rights: ["select", "insert", "update"],
  },
  {
    name: "outbox_dead_letter",
    columns: [
      "seq",
      "relay",
      "id",
      "position",
      "transaction_id",
      "aggregate_type",
      "aggregate_id",
      "aggregate_version",
      "event_type",
      "payload",
      "headers",
      "created_at",
      "reason",
      "detail",
      "attempts",
      "request",
      "parked_at",
      "refused_at",
    ],
    rights: ["select", "insert", "update", "delete"],
  },
  {
    name: "relay_history",
    columns: [
      "id",
      "relay",
      "at",
      "epoch",
      "leader",
      "from_mode",
      "to_mode",
      "reason",
      "who",
      "command",
      "arguments",
    ],
    rights: ["select", "insert"],
  },
  {
    name: "relay_control",
    columns: [
      "relay",
      "paused",
      "paused_by",
      "paused_at",
      "pause_reason",
      "mode",
      "mode_by",
      "mode_at",
      "mode_reason",
      "revision",
      "followed_revision",
      "configured_mode",
    ],
    rights: ["select", "insert", "update"],
  },
  { name: "outbox_status", columns: ["relay", "status"], rights: ["select"] },
];

export const relayFunctions: readonly string[] = [
  "outbox_make_partitions(integer)",
  "outbox_drop_partition(interval)",
  "outbox_reset_checkpoint(text, boolean)",
];
