import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../deploy/local/ports.ts";
import { startRedis } from "../../deploy/local/redis.ts";
import type { TestCertificate } from "./certificates.ts";

export interface SecureRedis {
  urlOf(user: "orders_api" | "orders_projector", host?: string): string;
  /** A connection of that user's. */
  connect(user: "orders_api" | "orders_projector"): Redis;
  dispose(): Promise<void>;
}

const PASSWORD = "redis-pa55";
const shippedUsers = new URL("../../deploy/redis/users.acl", import.meta.url);

/** Redis over TLS alone, with the users of deploy/redis/users.acl and no others. */
export async function startSecureRedis(certificate: TestCertificate): Promise<SecureRedis> {
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-redis-"));
  const dataDir = join(folder, "data");
  await mkdir(dataDir);
  const port = await freePort();
  const server = await startRedis({
    dataDir,
    port: 0,
    persistent: false,
    settings: {
      "tls-port": String(port),
      "tls-cert-file": certificate.certFile,
      "tls-key-file": certificate.keyFile,
      "tls-ca-cert-file": certificate.certFile,
      "tls-auth-clients": "no",
      aclfile: await writeEmpty(join(folder, "users.acl")),
    },
  });
  // Whoever starts it asks as the default user whether it answers; from now on there is none.
  const users = (await readFile(shippedUsers, "utf8")).replaceAll("resetpass", `>${PASSWORD}`);
  await writeFile(join(folder, "users.acl"), users);
  const admin = new Redis(server.url);
  await admin.call("ACL", "LOAD");
  admin.disconnect();

  const urlOf: SecureRedis["urlOf"] = (user, host = "localhost") =>
    `rediss://${user}:${PASSWORD}@${host}:${port}`;
  return {
    urlOf,
    connect: (user) => new Redis(urlOf(user), { tls: { ca: certificate.cert }, maxRetriesPerRequest: 0 }),
    async dispose() {
      await server.stop("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeEmpty(file: string): Promise<string> {
  await writeFile(file, "");
  return file;
}
