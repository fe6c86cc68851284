import type { Check } from "./check.ts";
import { brokers } from "./kafka/brokers.ts";
import { acksPossible, minInsyncReplicas, replicationFactor, uncleanElection } from "./kafka/durability.ts";
import { requestSize } from "./kafka/request-size.ts";
import { cleanupPolicy, messageSize, retention, timestamps } from "./kafka/topic-settings.ts";
import { partitionLeaders, topicRights, topicsThere } from "./kafka/topics.ts";
import {
  clock,
  connection,
  primary,
  replicationConnection,
  replicationRole,
  serverVersion,
} from "./postgres/connection.ts";
import { defaultPartition, outboxTable, partitionsAhead, transactionIndex } from "./postgres/outbox-table.ts";
import {
  publication,
  publicationOperations,
  publicationRoot,
  replicaIdentity,
} from "./postgres/publication.ts";
import { checkpoint, migrations, relayRuns, rights } from "./postgres/relay-tables.ts";
import {
  slot,
  slotFailover,
  slotReader,
  slotWal,
  standbyFeedback,
  standbySlots,
  standbySync,
} from "./postgres/slot.ts";
import { openTransactions, preparedTransactions } from "./postgres/transactions.ts";
import {
  idleSlotTimeout,
  replicationSlotsLeft,
  walKept,
  walLevel,
  walSendersLeft,
  walSenderTimeout,
} from "./postgres/wal-settings.ts";

/** All that the doctor looks at, in the order in which it is shown. A new check is a file and a line here. */
export const checks: readonly Check[] = [
  connection,
  serverVersion,
  primary,
  clock,
  migrations,
  rights,
  outboxTable,
  transactionIndex,
  partitionsAhead,
  defaultPartition,
  walLevel,
  replicationRole,
  replicationConnection,
  replicationSlotsLeft,
  walSendersLeft,
  walSenderTimeout,
  walKept,
  idleSlotTimeout,
  publication,
  publicationOperations,
  publicationRoot,
  replicaIdentity,
  slot,
  slotReader,
  slotWal,
  slotFailover,
  standbySlots,
  standbyFeedback,
  standbySync,
  openTransactions,
  preparedTransactions,
  checkpoint,
  relayRuns,
  brokers,
  topicsThere,
  topicRights,
  partitionLeaders,
  replicationFactor,
  minInsyncReplicas,
  acksPossible,
  uncleanElection,
  cleanupPolicy,
  retention,
  timestamps,
  messageSize,
  requestSize,
];
