import { createHash } from "node:crypto";
import type pg from "pg";
import Cursor from "pg-cursor";
import { forEachRecord, type KafkaRecord } from "../../../test/support/kafka.ts";

export interface CheckResult {
  readonly committed: number;
  /** Neither on the topic nor among the dead letters. */
  readonly lost: string[];
  /** More than once on the topic, or both there and among the dead letters. */
  readonly repeated: string[];
  /** On the topic, but no committed row. */
  readonly foreign: string[];
  /** Keys. */
  readonly outOfOrder: string[];
  /** Another key, or other bytes of the value or of a header that a column stands for. */
  readonly changed: string[];
  /** Among the dead letters. */
  readonly parked: string[];
}

export interface CheckOptions {
  readonly brokers?: string | undefined;
  /** Rows that need not be on the topic, e.g. discarded dead letters. */
  readonly optional?: ReadonlySet<string>;
  readonly timeoutMs?: number;
  /** Is shown each record of the topic, in order per partition. */
  readonly onRecord?: (record: KafkaRecord) => void;
  /** Records that are none of the relay's doing. */
  readonly ignore?: (record: KafkaRecord) => boolean;
}

export const nothingWrong = {
  lost: [],
  repeated: [],
  foreign: [],
  outOfOrder: [],
  changed: [],
  parked: [],
};

interface CommittedRow {
  readonly digest: string;
  copies: number;
}

/** Compares all committed outbox rows with the whole topic, as kcat reads it: shares no code with the relay. */
export async function checkOutbox(
  pool: pg.Pool,
  topic: string,
  { brokers, optional = new Set(), timeoutMs = 60_000, onRecord, ignore }: CheckOptions = {},
): Promise<CheckResult> {
  const rows = await committedRows(pool);
  const letters = await pool.query<{ id: string }>("select id from outbox_dead_letter");
  const parked = letters.rows.map(({ id }) => id);
  const foreign: string[] = [];
  const changed: string[] = [];
  const order = createOrderCheck();
  const options = { timeoutMs, ...(brokers === undefined ? {} : { brokers }) };
  await forEachRecord(topic, options, (record) => {
    onRecord?.(record);
    if (ignore?.(record)) return;
    const id = record.headers.ce_id ?? "(no ce_id)";
    const row = rows.get(id);
    if (!row) return void foreign.push(id);
    row.copies += 1;
    if (row.copies === 1) order.note(record);
    else order.notePartition(record);
    if (digestOf(record) !== row.digest) changed.push(id);
  });
  for (const id of parked) {
    const row = rows.get(id);
    if (row) row.copies += 1;
  }
  const ids = (wanted: (copies: number, id: string) => boolean) =>
    Array.from(rows).flatMap(([id, { copies }]) => (wanted(copies, id) ? [id] : []));
  return {
    committed: rows.size,
    lost: ids((copies, id) => copies === 0 && !optional.has(id)),
    repeated: ids((copies) => copies > 1),
    foreign,
    outOfOrder: order.wrongKeys(),
    changed,
    parked,
  };
}

const SEPARATOR = "\n";

async function committedRows(pool: pg.Pool): Promise<Map<string, CommittedRow>> {
  const rows = new Map<string, CommittedRow>();
  const client = await pool.connect();
  try {
    const cursor = client.query(
      new Cursor<{ id: string; digest: string }>(
        `select id, md5(convert_to(concat_ws(E'\\n', aggregate_id, aggregate_type, event_type, aggregate_version,
                  to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US'), coalesce(headers->>'traceparent', ''),
                  payload::text), 'UTF8')) as digest
           from outbox`,
      ),
    );
    for (let page = await cursor.read(10_000); page.length > 0; page = await cursor.read(10_000))
      for (const { id, digest } of page) rows.set(id, { digest, copies: 0 });
    await cursor.close();
  } finally {
    client.release();
  }
  return rows;
}

/** Of the same text as in the query above, made of the record. */
function digestOf({ key, headers, value }: KafkaRecord): string {
  const { ce_aggregatetype, ce_type, ce_aggregateversion, ce_time = "", traceparent = "" } = headers;
  const [seconds = "", fraction = ""] = ce_time.replace("Z", "").split(".");
  const time = `${seconds}.${fraction.padEnd(6, "0")}`;
  const fields = [key, ce_aggregatetype, ce_type, ce_aggregateversion, time, traceparent];
  return createHash("md5").update(fields.join(SEPARATOR)).update(SEPARATOR).update(value).digest("hex");
}

interface OrderCheck {
  note(record: KafkaRecord): void;
  notePartition(record: KafkaRecord): void;
  /** Keys whose aggregate versions first appear in another order than ascending, or in more than one partition. */
  wrongKeys(): string[];
}

function createOrderCheck(): OrderCheck {
  const wrong = new Set<string>();
  const last = new Map<string, { version: bigint; readonly partition: number }>();

  function check({ key, partition }: KafkaRecord) {
    const name = key ?? "(no key)";
    const before = last.get(name);
    if (before && before.partition !== partition) wrong.add(name);
    return { name, before };
  }

  return {
    note(record) {
      const { name, before } = check(record);
      const version = BigInt(record.headers.ce_aggregateversion ?? 0);
      if (before && version < before.version) wrong.add(name);
      last.set(name, { version, partition: record.partition });
    },
    notePartition: (record) => void check(record),
    wrongKeys: () => [...wrong],
  };
}
