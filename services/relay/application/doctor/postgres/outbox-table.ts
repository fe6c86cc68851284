import { columnName, type OutboxColumn } from "../../../domain/outbox-columns.ts";
import { postgresCheck } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { duration, plural } from "../quantities.ts";
import { identifier, tableName } from "../sql-text.ts";

interface Column {
  readonly name: OutboxColumn;
  /** Any when empty: it is passed on as text. */
  readonly types: readonly string[];
  /** For one that is missing, where it can be made after the fact, with the same for all rows. */
  readonly definition?: string;
  /** What each row gets when it is inserted; those that are there stay without. */
  readonly stamp?: string;
}

const columns: readonly Column[] = [
  { name: "position", types: ["bigint", "integer"] },
  { name: "id", types: ["uuid"] },
  { name: "transaction_id", types: ["xid8"], stamp: "pg_current_xact_id()" },
  { name: "aggregate_type", types: [] },
  { name: "aggregate_id", types: [] },
  { name: "aggregate_version", types: ["bigint", "integer"], definition: "bigint not null default 0" },
  { name: "event_type", types: [] },
  { name: "payload", types: ["jsonb", "json"] },
  { name: "headers", types: ["jsonb", "json"], definition: "jsonb not null default '{}'" },
  { name: "created_at", types: ["timestamp with time zone"], stamp: "clock_timestamp()" },
];

const readme =
  "sql/migrations make one that has all; docs/operations.md, section 7, tells how to add it to yours";

export const outboxTable = postgresCheck("outbox table", ["table"], ({ table }, settings) => {
  const name = tableName(settings.table);
  if (!table) {
    return failed(`there is no table ${name}`, {
      commands: ["npm run migrate"],
      note: "with DATABASE_URL of the owner; or set RELAY_TABLE to the outbox that there is",
    });
  }
  const faults = columns.flatMap((column) => {
    const given = columnName(settings.table, column.name);
    const found = table.columns.find((each) => each.name === given);
    if (!found) {
      const action = additionOf(column, identifier(given), settings.table.name);
      const what = `${name} has no column ${given}`;
      const note = column.stamp
        ? "as the owner; rows that are there stay without it, so they must be published already"
        : "as the owner";
      return [failed(what, action ? { sql: [`alter table ${name} ${action};`], note } : { note: readme })];
    }
    if (column.types.length > 0 && !column.types.includes(found.type)) {
      const what = `${name}.${given} is ${found.type}, not ${column.types.join(" or ")}`;
      return [failed(what, { note: readme })];
    }
    if (found.notNull) return [];
    const sql = [`alter table ${name} alter column ${identifier(given)} set not null;`];
    return [
      warning(`${name}.${given} may be null, and a null in it stops the relay`, {
        sql,
        note: "as the owner",
      }),
    ];
  });
  return faults.length > 0 ? faults : ok(`${name} has the ${columns.length} columns with their types`);
});

/** None of it rewrites the table. */
function additionOf(
  { types: [type], definition, stamp }: Column,
  name: string,
  table: string,
): string | undefined {
  if (definition) return `add column ${name} ${definition}`;
  if (!stamp) return undefined;
  const constraint = identifier(`${table}_${name}_stamped`.slice(0, 63));
  const filled = `alter column ${name} set default ${stamp}`;
  return `add column ${name} ${type}, ${filled}, add constraint ${constraint} check (${name} is not null) not valid`;
}

export const transactionIndex = postgresCheck("transaction index", ["table"], ({ table }, settings) => {
  if (!table) return skipped("there is no outbox");
  const column = columnName(settings.table, "transaction_id");
  if (table.hasTransactionIndex)
    return ok(`an index begins with ${column}: a poll costs the same however much is kept`);
  const name = tableName(settings.table);
  return failed(`no index of ${name} begins with ${column}: each poll reads the whole table`, {
    sql: [
      `create index ${identifier(`${settings.table.name}_transaction_id`.slice(0, 63))} on ${name} (${identifier(column)});`,
    ],
    note: "as the owner; writers wait meanwhile (a table that is not partitioned can have it made concurrently)",
  });
});

const DAY_MS = 86_400_000;
const FEWEST_DAYS_AHEAD = 2;

export const partitionsAhead = postgresCheck(
  "partitions ahead",
  ["table", "partitions"],
  ({ table, partitions }, settings) => {
    if (!table?.isPartitioned) return ok("not needed: the outbox is not partitioned");
    const ahead = partitions.ahead ?? 0;
    if (ahead >= FEWEST_DAYS_AHEAD * DAY_MS) return ok(`the next ${duration(ahead)} have theirs`);
    const found =
      ahead > 0 ? `only the next ${duration(ahead)} have one` : "there is none for what is written now";
    return warning(`${found}: rows go to the default partition, which is never dropped`, {
      sql: ["select outbox_make_partitions(7);"],
      note:
        settings.table.name === "outbox"
          ? "a running relay does so every quarter of an hour"
          : "outbox_make_partitions is for the table outbox; make those of your table in its manner",
    });
  },
);

export const defaultPartition = postgresCheck(
  "default partition",
  ["table", "partitions"],
  ({ table, partitions }, settings) => {
    if (!table?.isPartitioned) return ok("not needed: the outbox is not partitioned");
    const name = tableName(settings.table);
    const { defaultPartition: found } = partitions;
    if (!found) {
      return failed(
        "there is none: where no partition is for a day, an insert fails, and the order with it",
        {
          sql: [`create table ${identifier(`${settings.table.name}_default`)} partition of ${name} default;`],
          note: "as the owner",
        },
      );
    }
    if (found.rows === 0) return ok("it is empty");
    const rows = `${found.name} has some ${plural(found.rows, "row")}`;
    const kept = settings.retentionHours;
    return warning(`${rows}: they are published like all others, but no retention drops them`, {
      sql: [
        `delete from ${found.name} o where created_at < clock_timestamp() - interval '${kept || 168} hours'\n` +
          "   and not exists (select from relay_checkpoint c where not pg_visible_in_snapshot(o.transaction_id, c.published))\n" +
          "   and not exists (select from outbox_dead_letter d where d.id = o.id);",
        `vacuum analyze ${found.name};`,
      ],
      note: "as the owner; it leaves what is younger than the retention, or not published yet",
    });
  },
);
