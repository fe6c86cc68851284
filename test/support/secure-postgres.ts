import { chmod, chown, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresAccount } from "../../deploy/local/postgres-account.ts";
import type { TestCertificate } from "./certificates.ts";
import { type OwnPostgres, openPostgres } from "./own-servers.ts";

/** A server that has a certificate, for connections with TLS. */
export async function startSecurePostgres(certificate: TestCertificate): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-postgres-tls-"));
  await chmod(folder, 0o711);
  // Postgres takes a key that is its user's alone.
  const account = await postgresAccount();
  const files = { ssl_cert_file: certificate.certFile, ssl_key_file: certificate.keyFile };
  const settings: Record<string, string> = { ssl: "on" };
  for (const [setting, file] of Object.entries(files)) {
    const copy = join(folder, `${setting}.pem`);
    await copyFile(file, copy);
    await chmod(copy, 0o600);
    if (account) await chown(copy, account.uid, account.gid);
    settings[setting] = copy;
  }
  const server = await openPostgres(settings);
  return {
    ...server,
    async dispose() {
      await server.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
