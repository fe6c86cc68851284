import { Client } from "pg";
import { delay } from "../../../platform/delay.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Lease, Leases } from "../../application/lease.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { Fence } from "../../domain/fence.ts";
import { connectionOptions } from "./connection-options.ts";
import { IS_HELD_LEASE, LEASE_KEY } from "./lease-sql.ts";

export interface AdvisoryLeaseOptions {
  readonly databaseUrl: string;
  readonly relay: string;
  /** Who leads, for people: host and process id. */
  readonly leader: string;
  readonly slot: string;
  /**
   * A leader writes to Kafka for this long after it has last seen its lease alive; ms. One that has not been seen for
   * `TAKEOVER_MARGIN_MS` longer loses it to a standby.
   */
  readonly leaseMs: number;
  readonly fence: Fence;
  readonly log: Logger;
}

/** Between the moment when a leader stops by itself and that when another may begin. */
const TAKEOVER_MARGIN_MS = 2_000;
const STANDBY_POLL_MS = 500;
/** A leader renews this many times within `leaseMs`. */
const RENEWALS = 6;

/** Names the session that holds the lease, or waits for it: so the database knows which relays there are. */
export function leaseApplicationName(relay: string, holder: string): string {
  return `outbox-relay ${relay} lease ${holder}`;
}

/**
 * The lease is a session advisory lock on a connection of its own: it ends with the session, so a dead leader's lease is free as
 * soon as the server notices. One that is frozen or cut off keeps its session: a leader shows itself alive by running a
 * statement on it now and then, the standbys read in pg_stat_activity (the server's clock on both sides) when it last did,
 * and end the session of one that has stopped. Nothing is written for it.
 */
export function createAdvisoryLeases(options: AdvisoryLeaseOptions): Leases {
  return {
    async acquire(signal, onStandby) {
      const client = new Client({
        ...connectionOptions(options.databaseUrl, leaseApplicationName(options.relay, options.leader)),
        // Cut off without a word, a standby would else wait for ever, and never take over.
        query_timeout: options.leaseMs + TAKEOVER_MARGIN_MS,
      });
      const lost = Promise.withResolvers<Error>();
      const lose = (reason: string, cause?: unknown) => {
        options.fence.close();
        lost.resolve(new RelayError("LEASE_LOST", reason, { cause }));
      };
      client.on("error", (error) => lose("the lease's database session is gone", error));
      client.on("end", () => lose("the lease's database session has ended"));
      await client.connect();
      try {
        await lock(client, options, signal, onStandby);
        const { epoch, afterOrderlyEnd } = await raiseEpoch(client, options);
        const renewing = renewLease(client, options, lose);
        return {
          epoch,
          afterOrderlyEnd,
          lost: lost.promise,
          async release(orderly) {
            clearInterval(renewing);
            options.fence.close();
            if (orderly) await noteOrderlyEnd(client, options.relay, epoch).catch(() => {});
            end(client);
          },
        } satisfies Lease;
      } catch (error) {
        end(client);
        throw error;
      }
    },
  };
}

/** Without waiting for a server that may not answer. */
function end(client: Client): void {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  const timer = setTimeout(() => stream.destroy(), 1_000);
  void client
    .end()
    .catch(() => {})
    .finally(() => clearTimeout(timer));
}

async function lock(
  client: Client,
  { relay, leaseMs, log }: AdvisoryLeaseOptions,
  signal: AbortSignal,
  onStandby: () => void,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await client.query(`select pg_try_advisory_lock(${LEASE_KEY}) as locked`, [relay]);
    if (rows[0]?.locked) return;
    onStandby();
    for (const pid of await endSilentHolders(client, relay, leaseMs + TAKEOVER_MARGIN_MS)) {
      log.warn({ pid }, "ended the lease of a leader that has not shown itself alive");
    }
    await delay(STANDBY_POLL_MS / 2 + (Math.random() * STANDBY_POLL_MS) / 2, signal);
  }
}

async function endSilentHolders(client: Client, relay: string, silentMs: number): Promise<number[]> {
  const { rows } = await client.query(
    `with silent as materialized (
       select a.pid
         from pg_locks l
         join pg_stat_activity a using (pid)
        where ${IS_HELD_LEASE}
          and clock_timestamp() - a.state_change > make_interval(secs => $2 / 1000.0))
     select pid from silent where pg_terminate_backend(pid)`,
    [relay, silentMs],
  );
  return rows.map(({ pid }) => pid);
}

function renewLease(
  client: Client,
  { leaseMs, fence }: AdvisoryLeaseOptions,
  lose: (reason: string, cause?: unknown) => void,
): NodeJS.Timeout {
  let seenAlive = performance.now();
  let asking = false;
  fence.extend(seenAlive + leaseMs);

  async function renew(): Promise<void> {
    const askedAt = performance.now();
    if (asking) {
      const silentMs = Math.round(askedAt - seenAlive);
      if (silentMs <= leaseMs) return;
      clearInterval(timer);
      return lose(`the database has not answered on the lease's session for ${silentMs} ms`);
    }
    asking = true;
    try {
      await client.query("select");
      // As of when it was asked: the answer may have been on its way for long.
      seenAlive = askedAt;
      fence.extend(askedAt + leaseMs);
      asking = false;
    } catch (error) {
      clearInterval(timer);
      lose("the lease's database session does not answer", error);
    }
  }
  const timer = setInterval(() => void renew(), leaseMs / RENEWALS);
  return timer;
}

async function raiseEpoch(
  client: Client,
  { relay, leader, slot }: AdvisoryLeaseOptions,
): Promise<{ epoch: bigint; afterOrderlyEnd: boolean }> {
  const { rows } = await client.query(
    `with before as (select leader from relay_checkpoint where relay = $1)
     insert into relay_checkpoint as c (relay, epoch, leader, slot)
     values ($1, 1, $2, $3)
     on conflict (relay) do update
       set epoch = c.epoch + 1, leader = excluded.leader, slot = excluded.slot, updated_at = clock_timestamp()
     returning epoch, (select leader from before) is null as orderly`,
    [relay, leader, slot],
  );
  return { epoch: BigInt(rows[0].epoch), afterOrderlyEnd: rows[0].orderly };
}

/** A leader that is named when the next one comes did not end in order. */
async function noteOrderlyEnd(client: Client, relay: string, epoch: bigint): Promise<void> {
  await client.query("update relay_checkpoint set leader = null where relay = $1 and epoch = $2", [
    relay,
    epoch,
  ]);
}
