import { readFile } from "node:fs/promises";
import pg from "pg";
import { z } from "zod";
import { variable } from "../services/platform/config.ts";
import { runDatabaseCommand } from "./database-command.ts";

type Role = "orders_owner" | "orders_api" | "outbox_relay" | "outbox_operator";

/** Runs roles.sql, and gives the roles that are named these passwords: the others keep theirs. */
export async function applyRoles(
  databaseUrl: string,
  passwords: Readonly<Partial<Record<Role, string | undefined>>> = {},
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(await readFile(new URL("roles.sql", import.meta.url), "utf8"));
    for (const [role, password] of Object.entries(passwords)) {
      if (password === undefined) continue;
      await client.query(`alter role ${pg.escapeIdentifier(role)} password ${pg.escapeLiteral(password)}`);
    }
  } finally {
    await client.end();
  }
}

const password = () => z.string().min(8, "must have 8 characters or more").optional();
export const configSchema = z.object({
  DATABASE_URL: variable.url("postgres:", "postgresql:"),
  ORDERS_OWNER_PASSWORD: password(),
  ORDERS_API_PASSWORD: password(),
  OUTBOX_RELAY_PASSWORD: password(),
  OUTBOX_OPERATOR_PASSWORD: password(),
});

if (import.meta.main)
  process.exitCode = await runDatabaseCommand({
    schema: configSchema,
    async work(config) {
      const passwords = {
        orders_owner: config.ORDERS_OWNER_PASSWORD,
        orders_api: config.ORDERS_API_PASSWORD,
        outbox_relay: config.OUTBOX_RELAY_PASSWORD,
        outbox_operator: config.OUTBOX_OPERATOR_PASSWORD,
      };
      await applyRoles(config.DATABASE_URL, passwords);
      const given = Object.entries(passwords).flatMap(([role, each]) => (each === undefined ? [] : [role]));
      return `roles and rights are there; passwords set: ${given.join(", ") || "none"}`;
    },
    failure: "roles.sql failed",
    advice: "\nDATABASE_URL is a superuser's before the first migration, and the owner's after each",
  });
