import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRolesDatabase, type RolesDatabase } from "./testing/roles-database.ts";

// Tries each operation on each table, column, sequence and function that the catalogue has as each role, and holds what is let through
// against this list: whatever comes later needs a decision here before the test is green again.

type Service = "api" | "relay" | "operator";
const services: readonly Service[] = ["api", "relay", "operator"];
type Rights = Readonly<Partial<Record<Service, readonly string[]>>>;

/** Rights on all columns have no list of them behind. */
const relations: Readonly<Record<string, Rights>> = {
  orders: {
    api: ["select", "insert", "update(status,version,ready_at,issued_at,returned_at,cancelled_at,reason)"],
  },
  idempotency_keys: { api: ["select", "insert", "delete"] },
  outbox: {
    api: ["insert(id,aggregate_type,aggregate_id,aggregate_version,event_type,payload,headers)"],
    relay: ["select"],
    operator: ["select"],
  },
  "a partition of outbox": {},
  outbox_status: { relay: ["select"], operator: ["select"] },
  outbox_dead_letter: {
    relay: ["select", "insert", "update", "delete"],
    operator: ["select", "update(request)"],
  },
  relay_checkpoint: { relay: ["select", "insert", "update"], operator: ["select"] },
  relay_history: {
    relay: ["select", "insert"],
    operator: ["select", "insert(relay,reason,who,command,arguments)"],
  },
  relay_control: {
    relay: ["select", "insert", "update"],
    operator: [
      "select",
      "insert(relay)",
      "update(paused,paused_by,paused_at,pause_reason,mode,mode_by,mode_at,mode_reason,revision)",
    ],
  },
  migrations: {},
};

const sequences: Readonly<Record<string, Rights>> = {
  outbox_position_seq: { api: ["nextval"] },
  outbox_dead_letter_seq_seq: {},
  relay_history_id_seq: {},
  migrations_id_seq: {},
};

const functions: Readonly<Record<string, readonly Service[]>> = {
  "outbox_make_partitions(integer)": ["relay"],
  "outbox_drop_partition(interval)": ["relay"],
  "outbox_reset_checkpoint(text,boolean)": ["relay", "operator"],
  // It does what its caller may do.
  "claim_idempotency_key(text,text,interval)": ["api", "relay", "operator"],
};

const SOME_VALUE: Readonly<Record<string, string>> = {
  integer: "1",
  interval: "'1 day'",
  text: "'orders'",
  boolean: "true",
};

/** Of others on the same server, and of the database itself. */
const refused: readonly string[] = [
  "create table mine (id int)",
  "create schema mine",
  "create function mine() returns int language sql return 1",
  "create publication mine for table outbox",
  "create role mine",
  "create extension pg_trgm",
  "alter table outbox add column mine text",
  "alter table outbox disable trigger all",
  "alter publication outbox set (publish = 'update')",
  "drop table orders",
  "drop function outbox_reset_checkpoint(text, boolean)",
  "set role orders_owner",
  "set session authorization postgres",
  "set session_replication_role = replica",
  "alter role orders_owner superuser",
  "select * from pg_authid",
  "select pg_read_file('postgresql.conf')",
  "copy (select 1) to program 'true'",
  "select pg_reload_conf()",
  "lock table outbox in share row exclusive mode",
];

interface Relation {
  readonly name: string;
  readonly sqlName: string;
  readonly isView: boolean;
  readonly columns: readonly string[];
}

let database: RolesDatabase;
let found: readonly Relation[];

beforeAll(async () => {
  database = await openRolesDatabase();
  const { rows } = await database.superuser.query<Relation>(
    `select case when relispartition then 'a partition of outbox' else relname end as name, c.oid::regclass::text as "sqlName",
            relkind = 'v' as "isView",
            array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum)
              as columns
       from pg_class c where relnamespace = 'public'::regnamespace and relkind not in ('i', 'I', 'S', 'c') order by relname`,
  );
  found = rows;
});

afterAll(() => database.close());

const INSUFFICIENT_PRIVILEGE = "42501";

/** Whether the statement is let through, whatever else is wrong with it. Nothing of it stays. */
async function isAllowed(as: pg.Pool, statement: string): Promise<boolean> {
  const session = await as.connect();
  try {
    await session.query("begin");
    await session.query(statement);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE;
  } finally {
    await session.query("rollback");
    session.release();
  }
}

async function onColumns(
  as: pg.Pool,
  right: string,
  columns: readonly string[],
  statement: (column: string) => string,
): Promise<string[]> {
  const allowed: string[] = [];
  for (const column of columns) if (await isAllowed(as, statement(column))) allowed.push(column);
  if (allowed.length === 0) return [];
  return [allowed.length === columns.length ? right : `${right}(${allowed.join()})`];
}

async function rightsOn({ sqlName, columns, isView }: Relation, as: pg.Pool): Promise<string[]> {
  const select = await onColumns(
    as,
    "select",
    columns,
    (column) => `select ${column} from ${sqlName} limit 0`,
  );
  if (isView) return select;
  const insert = (column: string) => `insert into ${sqlName} (${column}) values (default)`;
  const update = (column: string) => `update ${sqlName} set ${column} = default where false`;
  const rights = [
    ...select,
    ...(await onColumns(as, "insert", columns, insert)),
    ...(await onColumns(as, "update", columns, update)),
  ];
  if (await isAllowed(as, `delete from ${sqlName} where false`)) rights.push("delete");
  if (await isAllowed(as, `truncate ${sqlName}`)) rights.push("truncate");
  return rights;
}

const sortedColumns = (rights: readonly string[]) =>
  rights.map((right) => right.replace(/\((.*)\)/, (_, columns) => `(${columns.split(",").toSorted()})`));

test("what the migrations make is what the lists decide about, and all of it is the owner's", async () => {
  expect([...new Set(found.map(({ name }) => name))].toSorted()).toEqual(Object.keys(relations).toSorted());
  const others = await database.superuser.query<{ kind: string; name: string }>(
    `select 'sequence' as kind, relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'
     union all select 'function', oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  const named = (kind: string) =>
    others.rows
      .filter((each) => each.kind === kind)
      .map(({ name }) => name)
      .toSorted();
  expect(named("sequence")).toEqual(Object.keys(sequences).toSorted());
  expect(named("function")).toEqual(Object.keys(functions).toSorted());
  const { rows: notOwned } = await database.superuser.query(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relowner <> 'orders_owner'::regrole
     union all select proname from pg_proc where pronamespace = 'public'::regnamespace and proowner <> 'orders_owner'::regrole
     union all select pubname from pg_publication where pubowner <> 'orders_owner'::regrole`,
  );
  expect(notOwned).toEqual([]);
});

test("of the roles none is more than a login, but that the relay and the operator may replicate", async () => {
  const { rows } = await database.superuser.query(
    `select rolname as role, rolreplication as replication, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls as more,
            array(select roleid::regrole::text from pg_auth_members m where m.member = r.oid) as member_of
       from pg_roles r where rolname ~ '^(orders|outbox)_(owner|api|relay|operator)$' order by 1`,
  );
  expect(rows).toEqual([
    { role: "orders_api", replication: false, more: false, member_of: [] },
    { role: "orders_owner", replication: false, more: false, member_of: [] },
    { role: "outbox_operator", replication: true, more: false, member_of: ["pg_read_all_stats"] },
    { role: "outbox_relay", replication: true, more: false, member_of: [] },
  ]);
});

describe.each(services)("%s", (role) => {
  test("may do with each table and view what the list says, by column, and nothing else", async () => {
    for (const relation of found) {
      const allowed = await rightsOn(relation, database[role]);
      const listed = relations[relation.name]?.[role] ?? [];
      expect(sortedColumns(allowed), relation.sqlName).toEqual(sortedColumns(listed));
    }
    // What no statement above tries.
    const { rows } = await database[role].query(
      `select relname, right_of from pg_class, unnest(array['references', 'trigger']) right_of
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and has_table_privilege(oid, right_of)`,
    );
    expect(rows).toEqual([]);
  });

  test.each(Object.entries(sequences))(
    "may do with sequence %s what the list says",
    async (sequence, rights) => {
      const tries = {
        nextval: `nextval('${sequence}')`,
        currval: `last_value from ${sequence}`,
        setval: `setval('${sequence}', 1)`,
      };
      const allowed: string[] = [];
      for (const [right, expression] of Object.entries(tries)) {
        if (await isAllowed(database[role], `select ${expression}`)) allowed.push(right);
      }
      expect(allowed).toEqual(rights[role] ?? []);
    },
  );

  test.each(Object.entries(functions))("may call %s if the list says so", async (signature, callers) => {
    const { rows } = await database[role].query("select has_function_privilege($1, 'execute') as may", [
      signature,
    ]);
    expect(rows[0].may).toBe(callers.includes(role));
    if (callers.includes(role)) return;
    const call = signature.replace(/\(.*\)/, (types) =>
      types.replaceAll(/\w+/g, (type) => SOME_VALUE[type] ?? "null"),
    );
    expect(await isAllowed(database[role], `select ${call}`)).toBe(false);
  });

  test.each(refused)("may not: %s", async (statement) => {
    expect(await isAllowed(database[role], statement)).toBe(false);
  });

  test.each(["owner", ...services.filter((other) => other !== role)] as const)(
    "may not end a session of %s",
    async (other) => {
      const session = await database.session(other);
      const { rows } = await session.query("select pg_backend_pid() as pid");
      expect(await isAllowed(database[role], `select pg_terminate_backend(${rows[0].pid})`)).toBe(false);
      expect(await isAllowed(database[role], `select pg_cancel_backend(${rows[0].pid})`)).toBe(false);
    },
  );

  test(`${role === "api" ? "may neither make nor drop" : "may make and drop"} a replication slot`, async () => {
    const name = `rights_${role}_${process.pid}`;
    const may = role !== "api";
    const make = `select pg_create_logical_replication_slot('${name}', 'pgoutput')`;
    if (may) await database[role].query(make);
    else expect(await isAllowed(database[role], make)).toBe(false);
    if (!may) await database.superuser.query(make);
    const drop = `select pg_drop_replication_slot('${name}')`;
    try {
      for (const act of [
        `pg_replication_slot_advance('${name}', pg_current_wal_lsn())`,
        `pg_logical_slot_peek_binary_changes('${name}', null, null, 'proto_version', '1', 'publication_names', 'outbox')`,
      ]) {
        expect(await isAllowed(database[role], `select ${act}`), act).toBe(may);
      }
      if (!may) expect(await isAllowed(database[role], drop)).toBe(false);
    } finally {
      await database.superuser.query(drop);
    }
  });
});

describe("the owner", () => {
  test.each([
    "create role mine",
    "create database mine",
    "select * from pg_authid",
    "alter system set work_mem = '1GB'",
    "select pg_read_file('postgresql.conf')",
    "set role outbox_relay",
  ])("may not: %s", async (statement) => {
    const failure = await database.owner.query(statement).catch((error) => error);
    expect(failure.code).toBe(INSUFFICIENT_PRIVILEGE);
  });

  test("may not make a replication slot", async () => {
    expect(
      await isAllowed(database.owner, "select pg_create_logical_replication_slot('mine', 'pgoutput')"),
    ).toBe(false);
  });
});
