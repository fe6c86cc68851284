/** Every metric of the relay, by name. Seconds and bytes; no label has more than a handful of values. */
export const metricNames = {
  eventsPublished: "outbox_events_published_total",
  publishLatency: "outbox_publish_latency_seconds",
  publishFailures: "outbox_publish_failures_total",
  heartbeatLag: "outbox_heartbeat_lag_seconds",
  relayMode: "outbox_relay_mode",
  relayLeader: "outbox_relay_leader",
  relayPaused: "outbox_relay_paused",
  queuedEvents: "outbox_relay_queued_events",
  queuedBytes: "outbox_relay_queued_bytes",
  inFlightEvents: "outbox_relay_in_flight_events",
  lastAck: "outbox_relay_last_ack_timestamp_seconds",
  modeTransitions: "outbox_mode_transitions_total",
  deadLettered: "outbox_dead_lettered_total",
  parkedKeys: "outbox_parked_keys",
} as const;

/** Read from the database by every replica, standbys too: the same on each. */
export const figureNames = {
  figuresRead: "outbox_figures_read_timestamp_seconds",
  clockSkew: "outbox_clock_skew_seconds",
  oldestUnpublishedAge: "outbox_oldest_unpublished_age_seconds",
  unpublishedEvents: "outbox_unpublished_events",
  deadLetters: "outbox_dead_letters",
  parkedEvents: "outbox_parked_events",
  slotExists: "outbox_slot_exists",
  slotActive: "outbox_slot_active",
  slotInactive: "outbox_slot_inactive_seconds",
  slotConfirmedFlushLag: "outbox_slot_confirmed_flush_lag_bytes",
  slotRetainedWal: "outbox_slot_retained_wal_bytes",
  slotSafeWal: "outbox_slot_safe_wal_bytes",
  slotWalStatus: "outbox_slot_wal_status",
  slotInvalidated: "outbox_slot_invalidated",
  slotFailover: "outbox_slot_failover",
  slotSynced: "outbox_slot_synced",
  slotSpilledTransactions: "outbox_slot_spilled_transactions_total",
  slotSpilledBytes: "outbox_slot_spilled_bytes_total",
} as const;
