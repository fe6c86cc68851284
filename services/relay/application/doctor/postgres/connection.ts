import { postgresCheck, walCheck } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { duration } from "../quantities.ts";
import { identifier } from "../sql-text.ts";

export const connection = postgresCheck("connection", ["connection"], ({ connection: { host, failure } }) =>
  failure ? failed(`${host}: ${failure.said}`, { note: failure.helps }) : ok(`${host} answers`),
);

/** Row filters and publications of schemas are asked about, which came with it; PostgreSQL ended the support of 14 in November 2026. */
const OLDEST = 15;

export const serverVersion = postgresCheck("server version", ["server"], ({ server }) => {
  const found = `PostgreSQL ${server.version}`;
  if (server.major >= OLDEST) return ok(found);
  return failed(found, { note: `upgrade to PostgreSQL ${OLDEST} or newer` });
});

export const primary = postgresCheck("primary", ["server"], ({ server }) =>
  server.isStandby
    ? failed("this server is a standby: it takes no writes, and the relay keeps its checkpoint there", {
        note: "let DATABASE_URL name the primary, or a name that follows it: one host",
      })
    : ok("it takes writes"),
);

/** What is told of ages and lags is wrong by as much. */
const MUCH_SKEW_MS = 1_000;

export const clock = postgresCheck("clock", ["clock"], ({ clock: { skew, uncertainty } }) => {
  const certain = Math.max(0, Math.abs(skew) - uncertainty);
  const which = skew > 0 ? "ahead of" : "behind";
  if (certain < MUCH_SKEW_MS)
    return ok(`the server's clock and the one here agree to ${duration(uncertainty)}`);
  return warning(
    `the server's clock is ${duration(Math.abs(skew))} ${which} the one here: latencies are told wrongly`,
    {
      note: "let NTP keep both machines' clocks (chronyc tracking, timedatectl)",
    },
  );
});

export const replicationRole = walCheck("replication right", ["role"], ({ role }) =>
  role.mayReplicate || role.isSuperuser
    ? ok(`role ${role.name} may replicate`)
    : failed(`role ${role.name} may not replicate: it can neither make a slot nor read the WAL`, {
        sql: [`alter role ${identifier(role.name)} replication;`],
        note: "as a superuser, or from PostgreSQL 16 on as a role with CREATEROLE and REPLICATION",
      }),
);

/** SQLSTATE of "no walsender or connection is left". */
const TOO_MANY = "53300";

export const replicationConnection = walCheck(
  "replication connection",
  ["walsender", "role"],
  ({ walsender: { failure }, role }) => {
    if (!failure) return ok("a connection for replication was opened");
    if (!role.mayReplicate && !role.isSuperuser) return skipped("the role may not replicate");
    if (failure.code === TOO_MANY) return skipped("no walsender is left to try with");
    return failed(`no connection for replication: ${failure.said}`, {
      note:
        `let role ${role.name} in for this database in pg_hba.conf, and connect to Postgres itself: ` +
        "a pooler such as PgBouncer passes on neither replication nor the relay's lease",
    });
  },
);
