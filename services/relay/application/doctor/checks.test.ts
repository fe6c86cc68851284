import { describe, expect, test } from "vitest";
import { doctorSettings, healthyFacts } from "../../testing/doctor-facts.ts";
import { checks } from "./checks.ts";
import type { DoctorSettings, FactName, Facts } from "./facts.ts";
import type { Status, Verdict } from "./finding.ts";

type Changed = { readonly [Name in FactName]?: Partial<Facts[Name]> | undefined };

const HOUR = 3_600_000;
const GB = 1024 ** 3;
const slot = healthyFacts.slots.ours;
const [topic] = healthyFacts.topics;
const fresh = { ...healthyFacts, slots: { used: 0, inactive: [], ours: undefined }, checkpoint: undefined };

function verdictsOf(name: string, facts: Facts, settings = doctorSettings): readonly Verdict[] {
  const check = checks.find((each) => each.name === name);
  if (!check) throw new Error(`there is no check ${name}`);
  const verdicts = check.judge(facts, settings);
  return "status" in verdicts ? [verdicts] : verdicts;
}

/** The healthy facts with these in their stead; of objects the other fields stay. */
function withFacts(changed: Changed): Facts {
  const facts = Object.entries(changed).map(([name, value]) => {
    const healthy = healthyFacts[name as FactName];
    const isWhole = value === undefined || Array.isArray(value);
    return [name, isWhole ? value : { ...healthy, ...value }];
  });
  return { ...healthyFacts, ...Object.fromEntries(facts) };
}

const withTopic = (values: Readonly<Record<string, string>>): Changed => ({
  topicSettings: healthyFacts.topicSettings.map((each) => ({
    ...each,
    values: new Map([...each.values, ...Object.entries(values)]),
  })),
});
const partition = { partition: 0, hasLeader: true, replicas: 3, inSync: 3 };
const withPartition = (changed: Partial<typeof partition>): Changed => ({
  topics: [{ ...topic, partitions: [{ ...partition, ...changed }] }] as Facts["topics"],
});
const withSlot = (changed: object): Changed => ({
  slots: { ...healthyFacts.slots, ours: { ...slot, ...changed } } as Facts["slots"],
});
const aStandby = (hasFeedback = true) => ({ walsenders: 2, slots: [{ name: "standby_1", hasFeedback }] });

test("where all is well every check says so", () => {
  for (const check of checks) {
    const verdicts = verdictsOf(check.name, healthyFacts);
    expect(
      verdicts.filter(({ status }) => status !== "ok"),
      check.name,
    ).toEqual([]);
  }
});

test("before the relay has ever run, nothing has failed", () => {
  for (const { name } of checks) {
    for (const { status } of verdictsOf(name, fresh)) expect(["ok", "skipped"], name).toContain(status);
  }
});

test("a relay that is to poll needs nothing of the WAL", () => {
  const settings: DoctorSettings = { ...doctorSettings, mode: "polling" };
  const facts = withFacts({
    server: { walLevel: "replica" },
    role: { mayReplicate: false },
    publication: undefined,
  });
  for (const { name } of checks) {
    for (const { status } of verdictsOf(name, facts, settings))
      expect(["ok", "skipped"], name).toContain(status);
  }
});

test("no two checks have one name", () => {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
});

const cases: readonly [name: string, status: Status, changed: Changed, found: RegExp][] = [
  [
    "connection",
    "failed",
    { connection: { failure: { said: "refused", helps: "start it" } } },
    /db:5432: refused/,
  ],
  ["server version", "failed", { server: { version: "14.23", major: 14 } }, /14\.23/],
  ["primary", "failed", { server: { isStandby: true } }, /is a standby/],
  ["clock", "warning", { clock: { skew: -5_000 } }, /5 s behind/],
  [
    "migrations",
    "failed",
    { relayTables: [{ name: "relay_history", exists: false, missingColumns: [] }] },
    /relay_history/,
  ],
  [
    "migrations",
    "failed",
    { relayTables: [{ name: "relay_checkpoint", exists: true, missingColumns: ["publication"] }] },
    /relay_checkpoint\.publication/,
  ],
  [
    "migrations",
    "failed",
    {
      rights: [
        {
          object: "function outbox_make_partitions(integer)",
          right: "execute",
          exists: false,
          granted: false,
        },
      ],
    },
    /outbox_make_partitions/,
  ],
  [
    "rights",
    "failed",
    { rights: [{ object: "table outbox", right: "select", exists: true, granted: false }] },
    /select on table outbox/,
  ],
  ["outbox table", "failed", { table: undefined }, /there is no table outbox/],
  ["outbox table", "failed", { table: { columns: [] } }, /no column position/],
  ["transaction index", "failed", { table: { hasTransactionIndex: false } }, /whole table/],
  ["partitions ahead", "warning", { partitions: { ahead: 5 * HOUR } }, /only the next 5 h/],
  ["partitions ahead", "warning", { partitions: { ahead: undefined } }, /none for what is written now/],
  ["default partition", "failed", { partitions: { defaultPartition: undefined } }, /an insert fails/],
  ["default partition", "warning", { partitions: { defaultPartition: { name: "d", rows: 1 } } }, /1 row:/],
  ["wal_level", "failed", { server: { walLevel: "replica" } }, /replica/],
  ["replication right", "failed", { role: { mayReplicate: false } }, /may not replicate/],
  [
    "replication connection",
    "failed",
    { walsender: { failure: { said: "no pg_hba.conf entry", code: "28000" } } },
    /pg_hba/,
  ],
  [
    "max_replication_slots",
    "failed",
    { server: { maxReplicationSlots: 2 }, slots: { used: 2, inactive: ["old"], ours: undefined } },
    /2 of 2/,
  ],
  [
    "max_wal_senders",
    "failed",
    { server: { maxWalSenders: 1 }, slots: { ours: undefined } },
    /1 of 1 walsender in use/,
  ],
  ["max_slot_wal_keep_size", "warning", { server: { maxSlotWalKeepSize: -1 } }, /fill the disk/],
  [
    "max_slot_wal_keep_size",
    "warning",
    { server: { maxSlotWalKeepSize: 64 * 1024 ** 2, walBytesPerSecond: undefined } },
    /64 MB/,
  ],
  [
    "max_slot_wal_keep_size",
    "warning",
    { server: { maxSlotWalKeepSize: 2 * GB, walBytesPerSecond: 10_000_000 } },
    /some 3\.6 min/,
  ],
  [
    "idle_replication_slot_timeout",
    "warning",
    { server: { idleReplicationSlotTimeout: 24 * HOUR } },
    /24 h.*weekend/,
  ],
  ["wal_sender_timeout", "warning", { server: { walSenderTimeout: 1_000 } }, /hangs up/],
  ["publication", "failed", { publication: undefined }, /there is no publication outbox/],
  ["publication", "failed", { publication: { hasTable: false } }, /does not have outbox/],
  ["publication", "failed", { publication: { publishesInserts: false } }, /does not publish inserts/],
  ["publication", "failed", { publication: { hasRowFilter: true } }, /some rows/],
  ["publication", "failed", { publication: { missingColumns: ["headers"] } }, /no headers/],
  [
    "publication operations",
    "warning",
    { publication: { otherOperations: ["update", "delete"] } },
    /update, delete/,
  ],
  [
    "publication operations",
    "failed",
    { publication: { otherOperations: ["update"] }, table: { hasPrimaryKey: false } },
    /replica identity/,
  ],
  ["publish_via_partition_root", "failed", { publication: { viaRoot: false } }, /partitions' names/],
  ["slot", "failed", withSlot({ plugin: undefined }), /a physical slot/],
  ["slot", "failed", withSlot({ isHere: false, database: "other" }), /database other/],
  ["slot reader", "failed", withSlot({ readerName: "debezium" }), /PID 7 \(debezium\).*no relay orders/],
  [
    "slot reader",
    "warning",
    withSlot({ activePid: undefined, inactive: 2 * HOUR }),
    /for 2 h: it holds back 1000 bytes.*is running/,
  ],
  [
    "slot reader",
    "warning",
    { ...withSlot({ activePid: undefined }), checkpoint: { sessions: 0 } },
    /no relay orders is connected/,
  ],
  [
    "slot's WAL",
    "failed",
    withSlot({ walStatus: "lost", invalidationReason: "wal_removed" }),
    /lost \(wal_removed\)/,
  ],
  ["slot's WAL", "warning", withSlot({ walStatus: "unreserved" }), /next checkpoint/],
  ["slot's WAL", "warning", withSlot({ safeWalSize: 1_000 }), /1000 bytes left/],
  ["slot failover", "warning", { ...withSlot({ failover: false }), standbys: aStandby() }, /is not copied/],
  ["synchronized_standby_slots", "warning", { standbys: aStandby() }, /without standby_1/],
  ["hot_standby_feedback", "warning", { standbys: aStandby(false) }, /standby_1 does not send it/],
  ["sync_replication_slots", "skipped", { standbys: aStandby() }, /only the standby knows/],
  [
    "open transactions",
    "warning",
    { transactions: { oldest: { pid: 5, age: HOUR, user: "ann" } } },
    /PID 5 of ann.*60 min/,
  ],
  ["open transactions", "skipped", { transactions: { hidden: 2 } }, /2 transactions of other roles/],
  [
    "prepared transactions",
    "warning",
    { transactions: { prepared: [{ gid: "it's", age: HOUR }] } },
    /'it''s'/,
  ],
  ["checkpoint", "failed", { checkpoint: { systemIdentifier: "8" } }, /another cluster/],
  ["checkpoint", "failed", { checkpoint: { isAhead: true } }, /ahead of this database/],
  ["relay", "warning", { checkpoint: { sessions: 0 } }, /nothing is published/],
  [
    "brokers",
    "failed",
    { brokers: { addresses: [{ address: "a:9092", isBootstrap: true, failure: "refused" }] } },
    /a:9092: refused/,
  ],
  [
    "brokers",
    "failed",
    {
      brokers: {
        addresses: [
          ...healthyFacts.brokers.addresses,
          { address: "c:1", isBootstrap: false, failure: "refused" },
        ],
      },
    },
    /sends clients to this address/,
  ],
  [
    "brokers",
    "warning",
    {
      brokers: {
        addresses: [
          ...healthyFacts.brokers.addresses,
          { address: "b:1", isBootstrap: true, failure: "refused" },
        ],
      },
    },
    /another of KAFKA_BROKERS answers/,
  ],
  [
    "topics",
    "failed",
    { topics: [{ topic: "t", partitions: [], operations: undefined, notCreatable: "no right" }] },
    /t is missing.*no right/,
  ],
  [
    "topic rights",
    "failed",
    { topics: [{ ...topic, operations: new Set(["READ"]) }] as Facts["topics"] },
    /may not Write/,
  ],
  [
    "topic rights",
    "skipped",
    { topics: [{ ...topic, operations: undefined }] as Facts["topics"] },
    /do not tell/,
  ],
  ["partition leaders", "failed", withPartition({ hasLeader: false }), /no leader for 0/],
  ["replication factor", "warning", withPartition({ replicas: 1 }), /a disk that is lost/],
  ["replication factor", "warning", withPartition({ replicas: 2 }), /no second copy/],
  ["min.insync.replicas", "failed", withPartition({ replicas: 1 }), /2 of 1: no event can ever be acked/],
  ["min.insync.replicas", "warning", withPartition({ replicas: 2 }), /one broker down/],
  ["min.insync.replicas", "warning", withTopic({ "min.insync.replicas": "1" }), /a single broker/],
  ["in-sync replicas", "failed", withPartition({ inSync: 1 }), /1 of 3 in sync, 2 needed/],
  ["in-sync replicas", "warning", withPartition({ inSync: 2 }), /2 of 3 in sync/],
  [
    "unclean leader election",
    "warning",
    withTopic({ "unclean.leader.election.enable": "true" }),
    /they are lost/,
  ],
  [
    "cleanup.policy",
    "failed",
    withTopic({ "cleanup.policy": "compact,delete" }),
    /all but the last event of a key/,
  ],
  ["retention", "warning", withTopic({ "retention.ms": String(HOUR) }), /60 min/],
  [
    "message.timestamp.type",
    "warning",
    withTopic({ "message.timestamp.before.max.ms": "1000" }),
    /becomes a dead letter/,
  ],
  ["max.message.bytes", "failed", withTopic({ "max.message.bytes": "1000" }), /ordinary events/],
  ["max.message.bytes", "warning", withTopic({ "max.message.bytes": "500000" }), /full batches are refused/],
  [
    "socket.request.max.bytes",
    "failed",
    { brokerSettings: [{ address: "a", values: new Map([["socket.request.max.bytes", "1000000"]]) }] },
    /hangs up/,
  ],
];

describe.each(cases)("%s: %s", (name, status, changed, found) => {
  test(`when it is found that ${found.source}`, () => {
    const verdicts = verdictsOf(name, withFacts(changed));
    const verdict = verdicts.find((each) => each.status === status);
    expect(verdict?.found).toMatch(found);
    const repair = verdict && "repair" in verdict ? verdict.repair : undefined;
    const hasRepair = Object.values(repair ?? {}).some((part) => part !== undefined && part.length > 0);
    expect(hasRepair || status === "skipped").toBe(true);
  });
});

test("every check has a case in which it does not say ok", () => {
  const covered = new Set(["replica identity", ...cases.map(([name]) => name)]);
  expect(checks.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  expect(verdictsOf("replica identity", withFacts({ table: undefined }))[0]?.status).toBe("skipped");
});
