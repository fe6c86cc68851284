import { randomUUIDv7 } from "node:crypto";
import pg from "pg";
import { createTestDatabase } from "../../../test/support/database.ts";
import { createOrderUseCases, type OrderUseCases } from "../application/factories/order-use-cases.ts";
import { createWatches } from "../application/watches.ts";
import { sha256 } from "../infrastructure/digest.ts";
import { createIdempotencyStore } from "../infrastructure/postgres/idempotency-store.ts";
import { createOrderRepository } from "../infrastructure/postgres/order-repository.ts";
import { createOutboxRepository } from "../infrastructure/postgres/outbox-repository.ts";
import { createTxManager } from "../infrastructure/postgres/transactions.ts";
import { connectionsOf } from "./connections.ts";

export interface OpenUseCases extends OrderUseCases {
  /** As the owner of the database. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export const KEYS_KEPT_MS = 3_600_000;

/** The use cases on a database of their own, as the role that the API has there. */
export async function openUseCases(): Promise<OpenUseCases> {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.ownerUrl });
  const connections = connectionsOf(new pg.Pool({ connectionString: database.apiUrl, max: 8 }));
  const useCases = createOrderUseCases({
    transactions: createTxManager(connections, () => {}),
    orders: createOrderRepository(connections),
    outbox: createOutboxRepository(),
    watches: createWatches({ max: 1, longestMs: 1 }),
    idempotency: createIdempotencyStore(connections, KEYS_KEPT_MS),
    newId: randomUUIDv7,
    now: () => new Date(),
    digest: sha256,
  });
  return {
    ...useCases,
    pool,
    async close() {
      await connections.close();
      await pool.end();
      await database.drop();
    },
  };
}
