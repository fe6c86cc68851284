import type { ClientConfig } from "pg";

/** What all of the relay's connections share; the URL's own parameters win. */
export function connectionOptions(databaseUrl: string, applicationName: string): ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}
