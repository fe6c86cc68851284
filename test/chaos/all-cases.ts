import type { ChaosCase } from "./case.ts";
import { freeze, freezeBusy, freezeByDefault, freezePolling, freezeShortly } from "./cases/freeze.ts";
import { answerLost, answerLostAndKilled, answerLostPolling, kafkaNetwork } from "./cases/kafka-network.ts";
import { kafkaAndRelayKilled, kafkaKilled, kafkaKilledPolling, kafkaStopped } from "./cases/kafka-server.ts";
import { killBetweenModes, killLeader, killPolling, killStreaming } from "./cases/kill.ts";
import { oversize } from "./cases/oversize.ts";
import { poison } from "./cases/poison.ts";
import { leaderCutOff, postgresNetwork } from "./cases/postgres-network.ts";
import {
  postgresAndRelayCrashed,
  postgresCrashed,
  postgresCrashedPolling,
  postgresStopped,
} from "./cases/postgres-server.ts";
import { restoreAdopted, restoreRepublished } from "./cases/restore.ts";
import { rollingRestarts, rollingRestartsPolling } from "./cases/rolling.ts";
import { sessionsKilled, walsenderKilled } from "./cases/sessions.ts";
import { slotAdvanced, slotDropped, slotInvalidated, slotRecreated } from "./cases/slot.ts";
import { topicDeleted } from "./cases/topic-deleted.ts";
import { longTransaction, preparedTransactions, subtransactions } from "./cases/transactions.ts";
import {
  backlogInSlot,
  backlogInTable,
  brokerAway,
  largeTransaction,
  largeTransactionKilled,
} from "./cases/volume.ts";
import {
  modesChanged,
  publicationDropped,
  rightRevoked,
  tableUnpublished,
  walLevelLowered,
} from "./cases/wal-rights.ts";

/** In the order in which they run. */
export const allCases: readonly ChaosCase[] = [
  killStreaming,
  killLeader,
  freeze,
  walsenderKilled,
  slotRecreated,
  publicationDropped,
  answerLost,
  poison,
  kafkaKilled,
  postgresCrashed,
  killPolling,
  killBetweenModes,
  freezeByDefault,
  freezePolling,
  freezeShortly,
  freezeBusy,
  sessionsKilled,
  slotDropped,
  slotAdvanced,
  slotInvalidated,
  rightRevoked,
  walLevelLowered,
  modesChanged,
  postgresStopped,
  postgresCrashedPolling,
  postgresAndRelayCrashed,
  answerLostPolling,
  answerLostAndKilled,
  kafkaNetwork,
  kafkaKilledPolling,
  kafkaAndRelayKilled,
  kafkaStopped,
  oversize,
  rollingRestarts,
  rollingRestartsPolling,
  leaderCutOff,
  postgresNetwork,
  topicDeleted,
  longTransaction,
  preparedTransactions,
  subtransactions,
  restoreAdopted,
  restoreRepublished,
  tableUnpublished,
  brokerAway,
  backlogInTable,
  backlogInSlot,
  largeTransaction,
  largeTransactionKilled,
];
