import type { IdempotencyStore } from "../../application/ports.ts";
import type { Reads } from "./connections.ts";
import type { Tx } from "./transactions.ts";

interface KeyRow {
  readonly fingerprint: string;
  readonly order_id: string;
  readonly version: string;
}

/** Keys are kept for `keptMs`; see claim_idempotency_key in sql/migrations. */
export function createIdempotencyStore(database: Reads, keptMs: number): IdempotencyStore<Tx> {
  const kept = `${keptMs} ms`;
  return {
    claim(tx, { caller, key }) {
      tx.write({
        name: "claim-idempotency-key",
        text: "select claim_idempotency_key($1, $2, $3)",
        values: [caller, key, kept],
      });
    },

    record(tx, { caller, key }, { fingerprint, orderId, version }) {
      tx.write({
        name: "record-idempotency-key",
        text: `insert into idempotency_keys (caller, key, fingerprint, order_id, version)
               values ($1, $2, $3, $4, $5)`,
        values: [caller, key, fingerprint, orderId, String(version)],
      });
    },

    async find({ caller, key }, deadline) {
      const find = {
        name: "find-idempotency-key",
        text: `select fingerprint, order_id, version from idempotency_keys
                where caller = $1 and key = $2 and done_at >= clock_timestamp() - $3::interval`,
        values: [caller, key, kept],
      };
      const [row] = await database.read<KeyRow>(find, deadline);
      return row && { fingerprint: row.fingerprint, orderId: row.order_id, version: BigInt(row.version) };
    },
  };
}
