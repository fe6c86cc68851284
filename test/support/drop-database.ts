import pg from "pg";
import { eventually } from "./eventually.ts";

interface OpenSession {
  readonly pid: number;
  readonly usename: string;
  readonly application_name: string;
  readonly backend_type: string;
  readonly state: string | null;
  readonly query: string;
}

/** Drops the database with the replication slots that belong to it, then throws when sessions had been left open on it. */
export async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  const leaked = await sessionsLeftOpen(client, name);
  await dropSlots(client, name);
  await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  if (leaked.length > 0) {
    const list = leaked.map(
      (session) =>
        `  pid ${session.pid}, ${session.backend_type} of ${session.usename} "${session.application_name}", ` +
        `${session.state ?? "no state"}, last query: ${session.query.slice(0, 200)}`,
    );
    throw new Error(`connections to ${name} were not closed before drop():\n${list.join("\n")}`);
  }
}

// A session ends a moment after its client has gone: only what stays is a leak.
async function sessionsLeftOpen(client: pg.Client, name: string): Promise<OpenSession[]> {
  let sessions: OpenSession[] = [];
  await eventually(
    async () => {
      const { rows } = await client.query<OpenSession>(
        `select pid, usename, application_name, backend_type, state, query from pg_stat_activity
          where datname = $1 and backend_type in ('client backend', 'walsender')`,
        [name],
      );
      sessions = rows;
      if (rows.length > 0) throw new Error("sessions are open");
    },
    { timeoutMs: 2000 },
  ).catch(() => {});
  return sessions;
}

// A database with slots cannot be dropped, and a forgotten slot would keep the server's WAL.
async function dropSlots(client: pg.Client, database: string): Promise<void> {
  await eventually(async () => {
    await client.query(
      "select pg_terminate_backend(active_pid) from pg_replication_slots where database = $1 and active",
      [database],
    );
    await client.query(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1",
      [database],
    );
  });
}
