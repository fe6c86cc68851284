import { postgresCheck } from "../check.ts";
import { ok, skipped, warning } from "../finding.ts";
import { duration, plural } from "../quantities.ts";
import { identifier, literal } from "../sql-text.ts";

const LONG_MS = 5 * 60_000;
const harm = "no slot can be made meanwhile, and the WAL from its beginning on is held back";

export const openTransactions = postgresCheck(
  "open transactions",
  ["transactions", "role"],
  ({ transactions: { oldest, hidden }, role }) => {
    if (oldest && oldest.age >= LONG_MS) {
      return warning(
        `PID ${oldest.pid} of ${oldest.user} has had a transaction open for ${duration(oldest.age)}: ${harm}`,
        {
          sql: [`select pg_terminate_backend(${oldest.pid});`],
          note: "as a superuser or that role; what it has not committed is rolled back",
        },
      );
    }
    if (hidden > 0) {
      return skipped(
        `how old ${plural(hidden, "transaction")} of other roles is, role ${role.name} may not see`,
        {
          sql: [`grant pg_read_all_stats to ${identifier(role.name)};`],
          note: "as a superuser; the relay works without it",
        },
      );
    }
    return ok(`none is older than ${duration(LONG_MS)}`);
  },
);

export const preparedTransactions = postgresCheck(
  "prepared transactions",
  ["transactions"],
  ({ transactions: { prepared } }) => {
    const old = prepared.filter(({ age }) => age >= LONG_MS);
    if (old.length === 0)
      return ok(prepared.length === 0 ? "there are none" : `none is older than ${duration(LONG_MS)}`);
    return old.map(({ gid, age }) =>
      warning(`${literal(gid)} was prepared ${duration(age)} ago and never ended: ${harm}`, {
        sql: [`rollback prepared ${literal(gid)};`],
        note: "in the database it belongs to, as the role that prepared it; or commit prepared, whichever its coordinator decided",
      }),
    );
  },
);
