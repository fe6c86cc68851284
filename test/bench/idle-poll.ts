import { createOutboxTable } from "../../services/relay/infrastructure/postgres/outbox-table.ts";
import { openBacklog } from "./backlog.ts";
import type { BenchContext } from "./context.ts";
import { median } from "./statistics.ts";

export interface IdlePollFigures {
  /** Of a relay that has published everything, with `idle_poll_rows` rows kept in the outbox. */
  readonly idle_poll_ms: number;
  readonly idle_poll_rows: number;
  readonly idle_poll_few_rows_ms: number;
  readonly idle_poll_few_rows: number;
}

const POLLS = 300;
/** Not counted: plans, caches and code that are not there yet. */
const WARM_UP = 50;
const FEW_PER_MANY = 100;

/** By the query that the relay polls with. The two tables are asked in turn, so that both meet the same machine. */
export async function benchIdlePoll({
  postgres,
  events,
  log,
  signal,
}: BenchContext): Promise<IdlePollFigures> {
  const few = Math.ceil(events / FEW_PER_MANY);
  await using stack = new AsyncDisposableStack();
  const openPoll = async (rows: number) => {
    const backlog = await openBacklog(postgres.url, { rows, transaction: 1_000 });
    stack.defer(() => backlog.dispose());
    const { rows: now } = await backlog.pool.query("select pg_current_snapshot()::text as snapshot");
    const table = createOutboxTable(backlog.pool, { schema: "public", name: "outbox" });
    return () => idlePoll(table, now[0]?.snapshot);
  };
  log(`an idle poll, with ${few} and with ${events} rows kept`);
  const pollFew = await openPoll(few);
  const pollMany = await openPoll(events);
  const ofFew: number[] = [];
  const ofMany: number[] = [];
  for (let i = 0; i < WARM_UP + POLLS; i++) {
    signal.throwIfAborted();
    const times = [await pollFew(), await pollMany()] as const;
    if (i < WARM_UP) continue;
    ofFew.push(times[0]);
    ofMany.push(times[1]);
  }
  return {
    idle_poll_ms: median(ofMany),
    idle_poll_rows: events,
    idle_poll_few_rows_ms: median(ofFew),
    idle_poll_few_rows: few,
  };
}

async function idlePoll(table: ReturnType<typeof createOutboxTable>, published: string): Promise<number> {
  const from = performance.now();
  const drain = await table.openDrain(published, undefined);
  const page = await drain.read(100);
  await drain.close();
  if (page.length > 0) throw new Error("the poll is not idle: it found rows");
  return performance.now() - from;
}
