import type { Pool } from "pg";
import { pino } from "pino";
import {
  type Connections,
  type ConnectionsOptions,
  createConnections,
} from "../infrastructure/postgres/connections.ts";

export const silent = pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" });

/** Connections of the pool with limits that a test does not meet, but for those that it sets. */
export function connectionsOf(pool: Pool, over: Partial<ConnectionsOptions> = {}): Connections {
  return createConnections({
    pool,
    maxWaiting: 1_000,
    maxWaitMs: 20_000,
    statementTimeoutMs: 20_000,
    onShed: () => {},
    log: silent,
    ...over,
  });
}
