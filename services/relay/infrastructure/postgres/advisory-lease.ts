import { Client } from "pg";
import { delay } from "../../../platform/delay.ts";
import type { Lease, Leases } from "../../application/lease.ts";
import { RelayError } from "../../application/relay-error.ts";
import { connectionOptions } from "./connection-options.ts";

const RETRY_MS = 500;

export interface AdvisoryLeaseOptions {
  readonly databaseUrl: string;
  readonly relay: string;
  /** Who leads, for people: host and process id. */
  readonly leader: string;
  readonly slot: string;
  readonly mode: string;
}

/**
 * The lease is a session advisory lock on a connection of its own: it ends with the session, so a dead leader's lease is free as
 * soon as the server notices. Taking it makes the relay's checkpoint row if there is none, and raises its epoch.
 */
export function createAdvisoryLeases(options: AdvisoryLeaseOptions): Leases {
  return {
    async acquire(signal, onStandby) {
      const client = new Client(
        connectionOptions(options.databaseUrl, `outbox-relay ${options.relay} lease`),
      );
      const lost = Promise.withResolvers<Error>();
      const lose = (cause?: unknown) =>
        lost.resolve(new RelayError("LEASE_LOST", "the lease's database session is gone", { cause }));
      client.on("error", lose);
      client.on("end", () => lose());
      await client.connect();
      try {
        await lock(client, options.relay, signal, onStandby);
        return { epoch: await raiseEpoch(client, options), lost: lost.promise, release } satisfies Lease;
      } catch (error) {
        await release();
        throw error;
      }

      async function release(): Promise<void> {
        await client.end().catch(() => {});
      }
    },
  };
}

async function lock(
  client: Client,
  relay: string,
  signal: AbortSignal,
  onStandby: () => void,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await client.query(
      "select pg_try_advisory_lock(hashtextextended('outbox-relay ' || $1, 0)) as locked",
      [relay],
    );
    if (rows[0]?.locked) return;
    onStandby();
    await delay(RETRY_MS / 2 + (Math.random() * RETRY_MS) / 2, signal);
  }
}

async function raiseEpoch(
  client: Client,
  { relay, leader, slot, mode }: AdvisoryLeaseOptions,
): Promise<bigint> {
  const { rows } = await client.query(
    `insert into relay_checkpoint as c (relay, epoch, leader, slot, mode)
     values ($1, 1, $2, $3, $4)
     on conflict (relay) do update
       set epoch = c.epoch + 1, leader = excluded.leader, slot = excluded.slot, mode = excluded.mode,
           updated_at = clock_timestamp()
     returning epoch`,
    [relay, leader, slot, mode],
  );
  return BigInt(rows[0].epoch);
}
