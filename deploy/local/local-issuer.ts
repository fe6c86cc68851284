import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { dataIn, makeDataFolder } from "./data-folder.ts";

/** Who makes tokens for the local stack, with a key of this machine's own: it is good for nothing else. */
const ISSUER = "http://issuer.localhost";
const AUDIENCE = "orders-local";
const ALGORITHM = "ES256";

export interface TokenRequest {
  /** Whom the token speaks of. */
  readonly subject: string;
  /** A customer's token has it. */
  readonly customerId: string | undefined;
  readonly scopes: readonly string[];
  readonly ttlSeconds: number;
}

/** The API's variables with which it believes this issuer. */
export async function localIssuer(dataFolder: string): Promise<Readonly<Record<string, string>>> {
  const { d: _, ...publicKey } = await privateKeyIn(dataFolder);
  const keySetFile = join(dataIn(dataFolder).tokens, "jwks.json");
  await writeFile(keySetFile, JSON.stringify({ keys: [{ ...publicKey, use: "sig" }] }));
  return {
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
    AUTH_JWKS_URL: pathToFileURL(keySetFile).href,
    AUTH_ALGORITHMS: ALGORITHM,
  };
}

export async function makeToken(dataFolder: string, request: TokenRequest): Promise<string> {
  const { subject, customerId, scopes, ttlSeconds } = request;
  const privateKey = await privateKeyIn(dataFolder);
  const claims = {
    scope: scopes.join(" "),
    ...(customerId === undefined ? {} : { customer_id: customerId }),
  };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, typ: "at+jwt", ...(privateKey.kid ? { kid: privateKey.kid } : {}) })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
    .sign(await importJWK(privateKey, ALGORITHM));
}

/** Made at its first use, by whoever comes first. */
async function privateKeyIn(dataFolder: string): Promise<JWK> {
  const folder = dataIn(dataFolder).tokens;
  const file = join(folder, "private-key.json");
  const read = async () => JSON.parse(await readFile(file, "utf8")) as JWK;
  if (existsSync(file)) return read();
  await makeDataFolder(dataFolder);
  await mkdir(folder, { recursive: true });
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const made = { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: ALGORITHM };
  const own = `${file}.${made.kid}`;
  await writeFile(own, JSON.stringify(made), { mode: 0o600 });
  await link(own, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error; // somebody else was first
  });
  await rm(own);
  return read();
}
