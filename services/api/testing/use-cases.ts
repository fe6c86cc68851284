import { randomUUIDv7 } from "node:crypto";
import pg from "pg";
import { createOrderUseCases, type OrderUseCases } from "../application/factories/order-use-cases.ts";
import { createWatches } from "../application/watches.ts";
import { sha256 } from "../infrastructure/digest.ts";
import { createIdempotencyStore } from "../infrastructure/postgres/idempotency-store.ts";
import { createOrderRepository } from "../infrastructure/postgres/order-repository.ts";
import { createOutboxRepository } from "../infrastructure/postgres/outbox-repository.ts";
import { createTxManager } from "../infrastructure/postgres/transactions.ts";
import { connectionsOf } from "./connections.ts";

export interface OpenUseCases extends OrderUseCases {
  close(): Promise<void>;
}

export const KEYS_KEPT_MS = 3_600_000;

/** The use cases on a real database, as the role that the API has there. */
export function openUseCases(apiUrl: string): OpenUseCases {
  const connections = connectionsOf(new pg.Pool({ connectionString: apiUrl, max: 8 }));
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
  return { ...useCases, close: connections.close };
}
