import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/support/tcp-proxy.ts";
import type { Lease } from "../../application/lease.ts";
import { createFence, type Fence } from "../../domain/fence.ts";
import { createAdvisoryLeases } from "./advisory-lease.ts";

let database: TestDatabase;
let pool: pg.Pool;
let proxy: TcpProxy;
const leases: Lease[] = [];
const never = new AbortController().signal;

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  const { hostname, port } = new URL(database.relayUrl);
  proxy = await startTcpProxy({ host: hostname, port: Number(port) });
});

afterEach(async () => {
  for (const lease of leases.splice(0)) await lease.release(false);
  await proxy.close();
  await pool.end();
  await database.drop();
});

interface Candidate {
  readonly fence: Fence;
  acquire(signal?: AbortSignal): Promise<Lease>;
  readonly standsBy: () => boolean;
}

function candidate({ cutOff = false, relay = "orders" } = {}): Candidate {
  const fence = createFence(() => performance.now());
  const url = new URL(database.relayUrl);
  if (cutOff) url.port = String(proxy.port);
  const log = pino({ level: "silent" });
  const { href: databaseUrl } = url;
  const source = createAdvisoryLeases({
    databaseUrl,
    relay,
    leader: "test",
    slot: "s",
    leaseMs: 1_000,
    fence,
    log,
  });
  let standby = false;
  return {
    fence,
    standsBy: () => standby,
    async acquire(signal = never) {
      const lease = await source.acquire(signal, () => {
        standby = true;
      });
      leases.push(lease);
      return lease;
    },
  };
}

test("one of a name leads at a time; the next has a higher epoch and knows how the one before it ended", async () => {
  const [first, second] = [candidate(), candidate()];
  const lease = await first.acquire();
  expect(lease).toMatchObject({ epoch: 1n, afterOrderlyEnd: true });
  expect(first.fence.isOpen).toBe(true);
  const next = second.acquire();
  await eventually(() => expect(second.standsBy()).toBe(true));
  expect(second.fence.isOpen).toBe(false);
  await lease.release(true);
  expect(first.fence.isOpen).toBe(false);
  expect(await next).toMatchObject({ epoch: 2n, afterOrderlyEnd: true });
  await (await next).release(false);
  expect(await candidate().acquire()).toMatchObject({ epoch: 3n, afterOrderlyEnd: false });
});

test("relays of other names do not wait for each other", async () => {
  await candidate().acquire();
  expect((await candidate({ relay: "parcels" }).acquire()).epoch).toBe(1n);
});

test("a leader that shows itself alive keeps the lease, however long a standby waits", async () => {
  const leader = candidate();
  const lease = await leader.acquire();
  const waiting = new AbortController();
  const next = candidate().acquire(waiting.signal);
  const outcome = await Promise.race([
    next.then(() => "taken over"),
    lease.lost.then(() => "lost"),
    new Promise((resolve) => setTimeout(resolve, 4_500, "kept")),
  ]);
  expect(outcome).toBe("kept");
  expect(leader.fence.isOpen).toBe(true);
  waiting.abort();
  await expect(next).rejects.toThrow();
});

test("a leader that is cut off without a word sends nothing any more before a standby begins", async () => {
  const cutOff = candidate({ cutOff: true });
  const lease = await cutOff.acquire();
  proxy.stall();
  const next = await candidate().acquire();
  expect(cutOff.fence.isOpen).toBe(false);
  expect(next.epoch).toBe(2n);
  expect(await lease.lost).toMatchObject({ code: "LEASE_LOST" });
});

test("a session that is ended closes the fence, and the lease says that it is lost", async () => {
  const leader = candidate();
  const lease = await leader.acquire();
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%orders lease %'",
  );
  expect(await lease.lost).toMatchObject({ code: "LEASE_LOST" });
  expect(leader.fence.isOpen).toBe(false);
});
