import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ColumnNames, OUTBOX_COLUMNS } from "../../domain/outbox-columns.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { begin, commit, insert, logicalMessage, relation, row } from "../../testing/pgoutput-messages.ts";
import { createPgoutputDecoder, PgoutputDecodeError } from "./pgoutput-decoder.ts";

function decoderWithLog(names?: ColumnNames) {
  const log: unknown[][] = [];
  const events: OutboxEvent[] = [];
  const decode = createPgoutputDecoder(
    { schema: "public", name: "outbox", columns: names },
    {
      begin: (...args) => log.push(["begin", ...args]),
      described: () => log.push(["described"]),
      event: (event) => events.push(event),
      message: (...args) => log.push(["message", ...args]),
      commit: (...args) => log.push(["commit", ...args]),
    },
  );
  return { decode, log, events };
}

test("Begin, Message and Commit give LSNs as numbers and the commit time in ms since 1970", () => {
  const { decode, log } = decoderWithLog();
  decode(begin(0x16_b374d848n, 817_000_000_123_000n, 745));
  decode(logicalMessage("outbox-relay", '{"tick":"ü"}'));
  decode(commit(0x16_b374d848n, 0x16_b374d878n));
  expect(log).toEqual([
    ["begin", 0x16_b374d848n, 1_763_684_800_123, 745],
    ["message", "outbox-relay", '{"tick":"ü"}'],
    ["commit", 0x16_b374d878n],
  ]);
});

test("a row becomes an event whatever the order of the columns, and unknown columns are passed over", () => {
  const { decode, events } = decoderWithLog();
  const columns = [...OUTBOX_COLUMNS].reverse();
  decode(relation(7, "public", "outbox", ["tenant", ...columns]));
  decode(insert(7, [null, ...row().reverse()]));
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    position: "1",
    id: "0198c0de-0000-7000-8000-000000000001",
    transactionId: "745",
    aggregateType: "order",
    aggregateVersion: "1",
    eventType: "OrderCreated",
    headers: "{}",
    createdAt: "2026-11-24 08:00:00.123456+00",
  });
  expect(events[0]?.payload.toString()).toBe('{"total": 9007199254740993}');
});

test("columns are found by the names that the table has for them, also where two have swapped theirs", () => {
  const names = {
    event_type: "type",
    aggregate_id: "aggregate_type",
    aggregate_type: "aggregate_id",
  } as const;
  const { decode, events } = decoderWithLog(names);
  decode(
    relation(
      7,
      "public",
      "outbox",
      OUTBOX_COLUMNS.map((column) => (names as ColumnNames)[column] ?? column),
    ),
  );
  decode(insert(7, row({ aggregate_id: "k", aggregate_type: "parcel", event_type: "Sent" })));
  expect(events[0]).toMatchObject({ aggregateType: "parcel", eventType: "Sent", position: "1" });
  expect(events[0]?.key.toString()).toBe("k");
  expect(() => decode(relation(7, "public", "outbox", OUTBOX_COLUMNS))).toThrow(
    "has no column type; if it has another name, set RELAY_COLUMNS",
  );
  expect(() => decode(insert(7, row().with(6, null as never)))).toThrow("null in column type");
});

test("each event has its own aggregate type, also where they alternate", () => {
  const { decode, events } = decoderWithLog();
  decode(relation(7, "public", "outbox"));
  const types = ["order", "order", "ordre", "заказ", "заказ", "é", "Ã©", "order"];
  for (const aggregate_type of types) decode(insert(7, row({ aggregate_type })));
  expect(events.map(({ aggregateType }) => aggregateType)).toEqual(types);
});

test("an event's size is that of its key, payload and headers, whatever other columns there are", () => {
  const { decode, events } = decoderWithLog();
  decode(relation(7, "public", "outbox"));
  decode(insert(7, row()));
  decode(relation(7, "public", "outbox", ["tenant", ...OUTBOX_COLUMNS]));
  decode(insert(7, [Buffer.from("a".repeat(1_000)), ...row()]));
  const [plain, wide] = events.map(
    (event) => event.bytes - event.key.length - event.payload.length - event.headers.length,
  );
  expect(wide).toBe(plain);
});

test("each description of the outbox is told of, those of other tables are not", () => {
  const { decode, log } = decoderWithLog();
  decode(relation(7, "public", "outbox", OUTBOX_COLUMNS));
  decode(relation(8, "audit", "outbox", ["a"]));
  decode(relation(7, "public", "outbox", OUTBOX_COLUMNS));
  expect(log).toEqual([["described"], ["described"]]);
});

test("tables that are not the outbox are passed over, also one of the same name in another schema", () => {
  const { decode, events } = decoderWithLog();
  decode(relation(8, "audit", "outbox", ["a"]));
  decode(insert(8, [Buffer.from("x")]));
  expect(events).toEqual([]);
});

test("an event keeps its bytes when the driver reuses the buffer it came in", () => {
  const { decode, events } = decoderWithLog();
  decode(relation(7, "public", "outbox"));
  const shared = insert(7, row());
  decode(shared);
  shared.fill(0x78);
  expect(events[0]?.payload.toString()).toBe('{"total": 9007199254740993}');
  expect(events[0]?.key.toString()).toBe("0198c0de-0000-7000-8000-00000000000a");
});

describe("what cannot be understood is a typed error", () => {
  test.each<[string, Buffer]>([
    ["an unknown message type", Buffer.from("z")],
    ["an empty message", Buffer.alloc(0)],
    ["an Insert of a relation that was not described", insert(99, row())],
    ["too many bytes", Buffer.concat([commit(1n, 2n), Buffer.from([0])])],
  ])("%s", (_, message) => {
    expect(() => decoderWithLog().decode(message)).toThrow(PgoutputDecodeError);
  });

  test("an outbox without a needed column, by the column's name", () => {
    const columns = OUTBOX_COLUMNS.filter((column) => column !== "payload");
    expect(() => decoderWithLog().decode(relation(7, "public", "outbox", columns))).toThrow(/payload/);
  });

  test("a null where a value must be, by the column's name", () => {
    const { decode } = decoderWithLog();
    decode(relation(7, "public", "outbox"));
    const values: (Buffer | null)[] = row();
    values[OUTBOX_COLUMNS.indexOf("aggregate_id")] = null;
    expect(() => decode(insert(7, values))).toThrow(/aggregate_id/);
  });
});

test.each<[string, Buffer]>([
  ["Begin", begin(1n, 2n, 3)],
  ["Commit", commit(1n, 2n)],
  ["Relation", relation(7, "public", "outbox")],
  ["Insert", insert(7, row())],
  ["Message", logicalMessage("outbox-relay", "{}")],
])(
  "the message %s, cut at whatever byte or with one too many, is a typed error and gives no event",
  (_, message) => {
    const { decode, events } = decoderWithLog();
    decode(relation(7, "public", "outbox"));
    for (let length = 0; length < message.length; length++) {
      expect(() => decode(message.subarray(0, length))).toThrow(PgoutputDecodeError);
    }
    expect(() => decode(Buffer.concat([message, Buffer.alloc(1)]))).toThrow(PgoutputDecodeError);
    expect(events).toEqual([]);
  },
);

const text = fc.string({ unit: "binary", maxLength: 200, size: "max" }).map((value) => value.toWellFormed());

test("over random rows every value arrives exactly, and every truncation of them is a typed error", () => {
  fc.assert(
    fc.property(
      fc.record({ aggregate_id: text, payload: text, headers: text, event_type: text, aggregate_type: text }),
      fc.shuffledSubarray([...OUTBOX_COLUMNS], { minLength: OUTBOX_COLUMNS.length }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (values, columns, cut) => {
        const { decode, events } = decoderWithLog();
        const description = relation(7, "public", "outbox", columns);
        const inOrder = row(values);
        const message = insert(
          7,
          columns.map((column) => inOrder[OUTBOX_COLUMNS.indexOf(column)] ?? null),
        );
        decode(description);
        decode(message);
        const event = events[0];
        expect(event?.key).toEqual(Buffer.from(values.aggregate_id));
        expect(event?.payload).toEqual(Buffer.from(values.payload));
        expect(event?.headers).toBe(values.headers);
        expect(event?.eventType).toBe(values.event_type);
        expect(event).toMatchObject({
          position: "1",
          id: "0198c0de-0000-7000-8000-000000000001",
          transactionId: "745",
          aggregateVersion: "1",
          createdAt: "2026-11-24 08:00:00.123456+00",
        });
        expect(event?.aggregateType).toBe(values.aggregate_type);
        const truncated = message.subarray(0, Math.floor(cut * message.length));
        expect(() => decode(truncated)).toThrow(PgoutputDecodeError);
        const half = description.subarray(0, Math.floor(cut * description.length));
        expect(() => decoderWithLog().decode(half)).toThrow(PgoutputDecodeError);
        expect(events).toHaveLength(1);
      },
    ),
  );
});

test("random bytes never crash it with anything but its typed error", () => {
  const { decode } = decoderWithLog();
  decode(relation(7, "public", "outbox"));
  fc.assert(
    fc.property(
      fc.constantFrom(..."BCIMR"),
      fc.uint8Array({ maxLength: 100, size: "max" }),
      (type, bytes) => {
        try {
          decode(Buffer.concat([Buffer.from(type), bytes]));
        } catch (error) {
          expect(error).toBeInstanceOf(PgoutputDecodeError);
        }
      },
    ),
  );
});
