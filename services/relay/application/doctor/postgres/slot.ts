import { bytes } from "../../sizes.ts";
import { walCheck } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { duration } from "../quantities.ts";
import { alterSystem, literal } from "../sql-text.ts";

const NONE = "there is none yet: the relay makes it when it starts";

export const slot = walCheck("slot", ["slots"], ({ slots: { ours } }, { slot: name }) => {
  if (!ours) return ok(NONE);
  if (ours.plugin === "pgoutput" && ours.isHere) return ok(`${name}, pgoutput`);
  const what =
    ours.plugin === undefined ? "a physical slot" : `of plugin ${ours.plugin}, database ${ours.database}`;
  return failed(`${name} belongs to something else: it is ${what}`, {
    note: "set RELAY_SLOT to another name, and the relay makes that one",
  });
});

export const slotReader = walCheck(
  "slot reader",
  ["slots", "checkpoint"],
  ({ slots: { ours }, checkpoint }, { slot: name, relay }) => {
    if (!ours) return ok("there is no slot yet");
    if (ours.activePid !== undefined) {
      const reader = `PID ${ours.activePid} (${ours.readerName ?? "its name is hidden"})`;
      if (ours.readerName === undefined || ours.readerName.startsWith(`outbox-relay ${relay}`.slice(0, 63))) {
        return ok(`${reader} streams from it`);
      }
      return failed(`${reader} streams from ${name}, and that is no relay ${relay}`, {
        note: "set another RELAY_SLOT for one of the two: what one has confirmed, the other never gets",
      });
    }
    const since = ours.inactive === undefined ? "" : ` for ${duration(ours.inactive)}`;
    const found = `nobody has read ${name}${since}: it holds back ${bytes(ours.retained)} of WAL`;
    if ((checkpoint?.sessions ?? 0) > 0) {
      return warning(`${found}, while a relay ${relay} is running: it polls, or tries in vain`, {
        commands: ["npx outbox history --limit 5"],
        note: "the newest reason says why",
      });
    }
    return warning(`${found}, and no relay ${relay} is connected`, {
      note: `start the relay; or, if it is not to come back: select pg_drop_replication_slot(${literal(name)});`,
    });
  },
);

const SMALLEST_SAFE = 64 * 1024 ** 2;

export const slotWal = walCheck("slot's WAL", ["slots"], ({ slots: { ours } }, { slot: name }) => {
  if (!ours) return ok("there is no slot yet");
  const kept = `${bytes(ours.retained)} of WAL held back`;
  if (ours.walStatus === "lost") {
    const why = ours.invalidationReason ?? "its WAL was removed";
    return failed(`${name} is lost (${why}): nothing can be read from it any more`, {
      sql: [`select pg_drop_replication_slot(${literal(name)});`],
      note: "a relay that starts does this by itself, and drains the table first: no event is lost",
    });
  }
  const more = {
    sql: alterSystem("max_slot_wal_keep_size", "16GB"),
    note: "as a superuser; and see why the relay is behind: npx outbox status",
  };
  if (ours.walStatus === "unreserved")
    return warning(`${kept}, and the next checkpoint may remove what is needed`, more);
  if (ours.safeWalSize === undefined) return ok(kept);
  const found = `${kept}, ${bytes(ours.safeWalSize)} left until the slot is lost`;
  return ours.safeWalSize < SMALLEST_SAFE ? warning(found, more) : ok(found);
});

const FAILOVER_SINCE = 17;

export const slotFailover = walCheck(
  "slot failover",
  ["slots", "server", "standbys"],
  ({ slots: { ours }, server, standbys }, { slot: name }) => {
    if (server.major < FAILOVER_SINCE) {
      return ok(
        `not before PostgreSQL ${FAILOVER_SINCE}: after a failover the relay drains the table, and makes a slot anew`,
      );
    }
    if (!ours) return ok("the relay makes its slot with it");
    if (ours.failover) return ok("on: standbys can have a copy of the slot");
    if (standbys.slots.length === 0) return ok("off; nobody streams to a standby");
    return warning(
      `${name} is not copied to standbys: after a failover the relay drains the table, and makes it anew`,
      {
        sql: [`select pg_drop_replication_slot(${literal(name)});`],
        note: "stop the relays before and start them after: they make it with failover, and what was written meanwhile is drained",
      },
    );
  },
);

export const standbySlots = walCheck(
  "synchronized_standby_slots",
  ["server", "standbys", "slots"],
  ({ server, standbys: { slots } }) => {
    const listed = server.synchronizedStandbySlots;
    if (listed === undefined) return ok("this version of Postgres has none");
    if (slots.length === 0) return ok("no standby streams through a slot");
    const names = slots.map(({ name }) => name);
    const has = listed.split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
    const missing = names.filter((name) => !has.includes(name));
    if (missing.length === 0) return ok(names.join(", "));
    return warning(
      `without ${missing.join(", ")}: the relay can publish what that standby has not got, and a failover would undo`,
      {
        sql: alterSystem("synchronized_standby_slots", names.join(", ")),
        note: "as a superuser; the relay then waits for these standbys, so list no slot of one that is gone",
      },
    );
  },
);

export const standbyFeedback = walCheck(
  "hot_standby_feedback",
  ["standbys", "server"],
  ({ standbys: { slots }, server }) => {
    if (server.major < FAILOVER_SINCE || slots.length === 0) return ok("no standby keeps a copy of the slot");
    const without = slots.filter(({ hasFeedback }) => !hasFeedback).map(({ name }) => name);
    if (without.length === 0) return ok("the standbys send it");
    return warning(
      `the standby at slot ${without.join(", ")} does not send it: a copy of the relay's slot there is invalidated`,
      {
        sql: alterSystem("hot_standby_feedback", "on"),
        note: "on the standby, as a superuser",
      },
    );
  },
);

export const standbySync = walCheck(
  "sync_replication_slots",
  ["standbys", "server"],
  ({ standbys: { slots }, server }) => {
    if (server.major < FAILOVER_SINCE || slots.length === 0) return ok("no standby keeps a copy of the slot");
    return skipped("only the standby knows whether it keeps a copy of the slot", {
      note: "on the standby: show sync_replication_slots; and select slot_name, synced, invalidation_reason from pg_replication_slots;",
    });
  },
);
