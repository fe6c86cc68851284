import { OUTBOX_COLUMNS } from "../domain/outbox-columns.ts";

/** Builds pgoutput messages byte by byte from the protocol's description, independently of the decoder. */

const u8 = (value: number) => Buffer.from([value]);
const u16 = (value: number) => {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(value);
  return b;
};
const u32 = (value: number) => {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(value);
  return b;
};
const u64 = (value: bigint) => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64BE(value);
  return b;
};
const string = (value: string) => Buffer.from(`${value}\0`);

export const begin = (commitLsn: bigint, microsecondsSince2000: bigint, xid: number) =>
  Buffer.concat([Buffer.from("B"), u64(commitLsn), u64(microsecondsSince2000), u32(xid)]);

export const commit = (commitLsn: bigint, endLsn: bigint) =>
  Buffer.concat([Buffer.from("C"), u8(0), u64(commitLsn), u64(endLsn), u64(0n)]);

export const relation = (
  id: number,
  schema: string,
  name: string,
  columns: readonly string[] = OUTBOX_COLUMNS,
) =>
  Buffer.concat([
    Buffer.from("R"),
    u32(id),
    string(schema),
    string(name),
    Buffer.from("d"),
    u16(columns.length),
    ...columns.map((column) => Buffer.concat([u8(0), string(column), u32(25), u32(0xffffffff)])),
  ]);

export const insert = (id: number, values: readonly (Buffer | null)[]) =>
  Buffer.concat([
    Buffer.from("I"),
    u32(id),
    Buffer.from("N"),
    u16(values.length),
    ...values.map((value) =>
      value === null ? Buffer.from("n") : Buffer.concat([Buffer.from("t"), u32(value.length), value]),
    ),
  ]);

export const logicalMessage = (prefix: string, content: string) => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from("M"), u8(1), u64(7n), string(prefix), u32(bytes.length), bytes]);
};

/** A row with a value in each column of OUTBOX_COLUMNS. */
export const row = (over: Partial<Record<(typeof OUTBOX_COLUMNS)[number], string>> = {}): Buffer[] => {
  const values = {
    position: "1",
    id: "0198c0de-0000-7000-8000-000000000001",
    transaction_id: "745",
    aggregate_type: "order",
    aggregate_id: "0198c0de-0000-7000-8000-00000000000a",
    aggregate_version: "1",
    event_type: "OrderCreated",
    payload: '{"total": 9007199254740993}',
    headers: "{}",
    created_at: "2026-11-24 08:00:00.123456+00",
    ...over,
  };
  return OUTBOX_COLUMNS.map((column) => Buffer.from(values[column]));
};
