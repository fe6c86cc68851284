import { Client, escapeIdentifier } from "pg";
import type {
  ClockFacts,
  ConnectionFacts,
  RoleFacts,
  ServerFacts,
  WalsenderFacts,
} from "../../../application/doctor/postgres-facts.ts";
import { explained } from "../connection-advice.ts";
import { connectionOptions } from "../connection-options.ts";
import type { DoctorQueries } from "./doctor-queries.ts";

const TIMEOUT_MS = 8_000;
const TRUSTED_AFTER_S = 3_600;

export async function readConnection(databaseUrl: string): Promise<ConnectionFacts> {
  const host = new URL(databaseUrl).host;
  const failure = await tried(databaseUrl, {}, "select");
  return { host, failure: failure === undefined ? undefined : explained(failure) };
}

/** Asks what the relay's stream asks first. */
export async function readWalsender(databaseUrl: string): Promise<WalsenderFacts> {
  // pg passes it on as the startup parameter, and does not declare it.
  const failure = await tried(databaseUrl, { replication: "database" }, "IDENTIFY_SYSTEM");
  const { code, message } = (failure ?? {}) as { code?: unknown; message?: unknown };
  return { failure: failure === undefined ? undefined : { code: String(code), said: String(message) } };
}

/** What went wrong, if anything did. */
async function tried(databaseUrl: string, options: object, statement: string): Promise<unknown> {
  const client = new Client({
    ...connectionOptions(databaseUrl, "outbox doctor"),
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    ...options,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(statement);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => {});
  }
}

export async function readServer(queries: DoctorQueries): Promise<ServerFacts> {
  const [settings, row] = await Promise.all([
    queries.all<{ name: string; setting: string; unit: string | null }>(
      "select name, setting, unit from pg_settings where name = any($1)",
      [
        [
          "wal_level",
          "max_replication_slots",
          "max_wal_senders",
          "max_slot_wal_keep_size",
          "wal_sender_timeout",
          "idle_replication_slot_timeout",
          "synchronized_standby_slots",
        ],
      ],
    ),
    queries.one<{ version: string; number: number; database: string; standby: boolean; rate: number | null }>(
      `select split_part(current_setting('server_version'), ' ', 1) as version,
              current_setting('server_version_num')::int as number,
              current_database() as database, pg_is_in_recovery() as standby,
              (select (wal_bytes / s)::float8
                 from pg_stat_wal, extract(epoch from clock_timestamp() - stats_reset) s where s >= $1) as rate`,
      [TRUSTED_AFTER_S],
    ),
  ]);
  const byName = new Map(settings.map((each) => [each.name, each]));
  const number = (name: string) => inBaseUnits(byName.get(name));
  return {
    version: row.version,
    major: Math.floor(row.number / 10_000),
    database: row.database,
    isStandby: row.standby,
    walBytesPerSecond: row.rate ?? undefined,
    walLevel: byName.get("wal_level")?.setting ?? "",
    maxReplicationSlots: number("max_replication_slots") ?? 0,
    maxWalSenders: number("max_wal_senders") ?? 0,
    maxSlotWalKeepSize: number("max_slot_wal_keep_size") ?? -1,
    walSenderTimeout: number("wal_sender_timeout") ?? 0,
    idleReplicationSlotTimeout: number("idle_replication_slot_timeout"),
    synchronizedStandbySlots: byName.get("synchronized_standby_slots")?.setting,
  };
}

/** Bytes and ms. */
const UNITS: Readonly<Record<string, number>> = { MB: 1024 ** 2, kB: 1024, ms: 1, s: 1_000, min: 60_000 };

function inBaseUnits(given: { setting: string; unit: string | null } | undefined): number | undefined {
  if (!given) return undefined;
  const value = Number(given.setting);
  return value < 0 ? value : value * (UNITS[given.unit ?? ""] ?? 1);
}

export async function readClock(queries: DoctorQueries): Promise<ClockFacts> {
  await queries.one("select 1 as connected"); // opening a connection is no part of the round trip
  const before = Date.now();
  const { now } = await queries.one<{ now: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as now",
  );
  const after = Date.now();
  return { skew: now - (before + after) / 2, uncertainty: (after - before) / 2 + 1 };
}

export async function readRole(queries: DoctorQueries, role?: string): Promise<RoleFacts> {
  const row = await queries.one<{ rolname: string; rolsuper: boolean; rolreplication: boolean }>(
    "select rolname, rolsuper, rolreplication from pg_roles where oid = coalesce($1, current_user)::regrole",
    [role && escapeIdentifier(role)],
  );
  return { name: row.rolname, isSuperuser: row.rolsuper, mayReplicate: row.rolreplication };
}
