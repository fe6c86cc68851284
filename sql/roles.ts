import { readFile } from "node:fs/promises";
import pg from "pg";
import { z } from "zod";
import { ConfigError, loadConfig, variable } from "../services/platform/config.ts";

/** What each role's password is called in the environment. */
export const passwordVariables = {
  orders_owner: "ORDERS_OWNER_PASSWORD",
  orders_api: "ORDERS_API_PASSWORD",
  outbox_relay: "OUTBOX_RELAY_PASSWORD",
  outbox_operator: "OUTBOX_OPERATOR_PASSWORD",
} as const;

export type Role = keyof typeof passwordVariables;

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

async function run(): Promise<number> {
  try {
    const config = loadConfig(configSchema, process.env);
    const roles = Object.entries(passwordVariables) as [Role, (typeof passwordVariables)[Role]][];
    const given = roles.flatMap(([role, name]) =>
      config[name] === undefined ? [] : [[role, config[name]] as const],
    );
    await applyRoles(config.DATABASE_URL, Object.fromEntries(given));
    console.log(
      `roles and rights are there; passwords set: ${given.map(([role]) => role).join(", ") || "none"}`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      console.error(`roles.sql failed: ${error instanceof Error ? error.message : error}`);
      return 1;
    }
    console.error(
      `${error.message}\nDATABASE_URL is a superuser's before the first migration, and the owner's after each`,
    );
    return 2;
  }
}

if (import.meta.main) process.exitCode = await run();
