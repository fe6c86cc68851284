import pg from "pg";
import { migrate } from "../../sql/migrate.ts";
import { applyRoles } from "../../sql/roles.ts";
import { DATABASE, type LocalConfig } from "./local-config.ts";

export interface DatabaseUrls {
  readonly owner: string;
  readonly api: string;
  readonly relay: string;
}

/** Makes the database when it is missing, applies the migrations and the roles; gives each service the URL of its own role. */
export async function prepareDatabase(superuserUrl: string, config: LocalConfig): Promise<DatabaseUrls> {
  const urlOf = (user: string, password: string) => {
    const url = new URL(superuserUrl);
    url.pathname = `/${DATABASE}`;
    url.username = user;
    url.password = password;
    return url.href;
  };
  const owner = urlOf("postgres", config.POSTGRES_PASSWORD);

  await withClient(superuserUrl, async (client) => {
    const { rows } = await client.query("select 1 from pg_database where datname = $1", [DATABASE]);
    if (rows.length === 0) await client.query(`create database ${DATABASE}`);
  });
  await migrate(owner, () => {});
  await applyRoles(owner, {
    orders_api: config.ORDERS_API_PASSWORD,
    outbox_relay: config.OUTBOX_RELAY_PASSWORD,
  });
  return {
    owner,
    api: urlOf("orders_api", config.ORDERS_API_PASSWORD),
    relay: urlOf("outbox_relay", config.OUTBOX_RELAY_PASSWORD),
  };
}

async function withClient(
  connectionString: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
