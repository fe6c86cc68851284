import type { FactReaders } from "../../../application/doctor/facts.ts";
import type { PostgresFacts } from "../../../application/doctor/postgres-facts.ts";
import type { OutboxTableName } from "../../../domain/outbox-columns.ts";
import { openDoctorQueries } from "./doctor-queries.ts";
import { readPartitions, readPublication, readTable } from "./outbox-facts.ts";
import { readCheckpoint, readRelayTables, readRights, readTransactions } from "./relay-facts.ts";
import { readClock, readConnection, readRole, readServer, readWalsender } from "./server-facts.ts";
import { readSlots, readStandbys } from "./slot-facts.ts";

export interface PostgresFactsOptions {
  readonly databaseUrl: string;
  readonly relay: string;
  readonly slot: string;
  readonly publication: string;
  readonly table: OutboxTableName;
}

/** Connects when the first of them is asked for. */
export function createPostgresFacts(options: PostgresFactsOptions): {
  /** `role` is whose rights are read: that of the URL unless it is given. */
  readers(role?: string): FactReaders<PostgresFacts>;
  close(): Promise<void>;
} {
  const { databaseUrl, relay, slot, publication, table } = options;
  const queries = openDoctorQueries(databaseUrl);
  return {
    readers: (role) => ({
      connection: () => readConnection(databaseUrl),
      server: () => readServer(queries),
      clock: () => readClock(queries),
      role: () => readRole(queries, role),
      walsender: () => readWalsender(databaseUrl),
      slots: () => readSlots(queries, slot),
      standbys: () => readStandbys(queries),
      relayTables: () => readRelayTables(queries),
      rights: () => readRights(queries, table, role),
      table: () => readTable(queries, table),
      partitions: () => readPartitions(queries, table),
      publication: () => readPublication(queries, publication, table),
      checkpoint: () => readCheckpoint(queries, relay),
      transactions: () => readTransactions(queries),
    }),
    close: () => queries.close(),
  };
}
