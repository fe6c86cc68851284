/** SQLSTATEs (PostgreSQL documentation, appendix A) and Node's codes, with what helps. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; start Postgres or correct DATABASE_URL",
  ENOTFOUND: "the host is not known; correct DATABASE_URL",
  ETIMEDOUT: "there is no answer; check the network and DATABASE_URL",
  "28P01": "correct the user or the password in DATABASE_URL",
  "28000": "let the role in (pg_hba.conf), or correct DATABASE_URL",
  "3D000": "correct the database in DATABASE_URL",
  "42P01": "apply the migrations: npm run migrate",
  "42703": "apply the migrations: npm run migrate",
  "42883": "apply the migrations: npm run migrate",
  "42501": "use the role outbox_operator or outbox_relay, or grant what sql/roles.sql grants",
  "55P03": "a transaction that is open has written to the outbox; end it, or try again later",
  "55006": "pause the relay (outbox pause), or stop it, and try again",
  "53300": "no connection is free; try again later, or raise the limit",
  "57P03": "Postgres is starting or stopping; try again in a moment",
  P0002: "set RELAY_NAME to a relay that there is",
};

/** What Postgres or the network said, in one line, and what a person can do about it. */
export function explained(error: unknown): { readonly said: string; readonly helps: string } {
  const { code, errors } = error as { code?: unknown; errors?: readonly Error[] };
  // A name with several addresses gives an error for each, and none of its own.
  const message = errors?.[0]?.message ?? (error instanceof Error ? error.message : String(error));
  const said = message === "timeout expired" ? "no answer within 10 s" : (message.split("\n")[0] ?? "");
  return { said, helps: advice[String(code)] ?? "check DATABASE_URL and the server's log" };
}
