import { bytes } from "../../sizes.ts";
import { walCheck } from "../check.ts";
import { failed, ok, warning } from "../finding.ts";
import { duration, plural } from "../quantities.ts";
import { alterSystem, literal } from "../sql-text.ts";

const restart = "as a superuser; then restart Postgres";
const HOUR_MS = 3_600_000;

export const walLevel = walCheck("wal_level", ["server"], ({ server: { walLevel: level } }) =>
  level === "logical"
    ? ok("logical")
    : failed(`${level}: the WAL has no rows that could be decoded`, {
        sql: ["alter system set wal_level = 'logical';"],
        note: restart,
      }),
);

export const replicationSlotsLeft = walCheck(
  "max_replication_slots",
  ["server", "slots"],
  ({ server: { maxReplicationSlots: max }, slots: { used, inactive, ours } }) => {
    const found = `${used} of ${plural(max, "slot")} in use`;
    if (ours) return ok(`${found}, the relay's among them`);
    if (used < max) return ok(found);
    return failed(`${found}: none is left for the relay`, {
      sql: [`alter system set max_replication_slots = ${literal(String(max + 4))};`],
      note: [
        restart,
        ...(inactive.length > 0
          ? [`or drop one that is not needed; nobody reads ${inactive.join(", ")} (pg_drop_replication_slot)`]
          : []),
      ].join("; "),
    });
  },
);

export const walSendersLeft = walCheck(
  "max_wal_senders",
  ["server", "standbys", "slots"],
  ({ server: { maxWalSenders: max }, standbys: { walsenders }, slots: { ours } }) => {
    const found = `${walsenders} of ${plural(max, "walsender")} in use`;
    if (ours?.activePid !== undefined) return ok(`${found}, the relay's among them`);
    if (walsenders < max) return ok(found);
    return failed(`${found}: none is left for the relay`, {
      sql: [`alter system set max_wal_senders = ${literal(String(max + 4))};`],
      note: restart,
    });
  },
);

/** A relay that is down must not fill the disk; and a night's outage should not cost it the slot. */
const SMALLEST_KEPT = 1024 ** 3;
const NIGHT_MS = 8 * HOUR_MS;

export const walKept = walCheck("max_slot_wal_keep_size", ["server"], ({ server }) => {
  const { maxSlotWalKeepSize: kept, walBytesPerSecond: rate } = server;
  const aDay = rate === undefined ? 0 : (rate * 24 * HOUR_MS) / 1_000;
  const enough = `${Math.max(4, Math.ceil(aDay / SMALLEST_KEPT))}GB`;
  const repair = {
    sql: alterSystem("max_slot_wal_keep_size", enough),
    note: "as a superuser; less than what is free on the disk of pg_wal",
  };
  if (kept < 0) {
    return warning(
      "no limit: while the relay is down, the WAL that its slot holds back can fill the disk",
      repair,
    );
  }
  const lasts = rate ? (kept / rate) * 1_000 : undefined;
  const found = `${bytes(kept)}${lasts === undefined ? "" : `, some ${duration(lasts)} at the average rate`}`;
  if (kept >= SMALLEST_KEPT && (lasts ?? NIGHT_MS) >= NIGHT_MS) return ok(found);
  return warning(
    `${found}: a short outage of the relay costs it the slot, and it has to poll what is in the table`,
    repair,
  );
});

/** A relay that is stopped on Friday is to find its slot on Monday. */
const WEEKEND_MS = 72 * HOUR_MS;

export const idleSlotTimeout = walCheck("idle_replication_slot_timeout", ["server"], ({ server }) => {
  const timeout = server.idleReplicationSlotTimeout;
  if (timeout === undefined) return ok("this version of Postgres has none");
  if (timeout === 0) return ok("0: a slot that nobody reads stays");
  if (timeout >= WEEKEND_MS) return ok(duration(timeout));
  return warning(`${duration(timeout)}: a relay that is stopped over a weekend loses its slot`, {
    sql: alterSystem("idle_replication_slot_timeout", "0"),
    note: "as a superuser",
  });
});

/** The relay answers after a third of it, or at once when it is asked. */
const SHORTEST_TIMEOUT_MS = 5_000;

export const walSenderTimeout = walCheck("wal_sender_timeout", ["server"], ({ server }) => {
  const timeout = server.walSenderTimeout;
  if (timeout === 0)
    return ok("0: the server never hangs up; a relay that takes over ends the walsender before it");
  if (timeout >= SHORTEST_TIMEOUT_MS) return ok(duration(timeout));
  return warning(`${duration(timeout)}: the server hangs up on a relay that is busy for a moment`, {
    sql: alterSystem("wal_sender_timeout", "60s"),
    note: "as a superuser",
  });
});
