import { spawnSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Principal } from "../../services/api/application/access.ts";
import { createJwksSource } from "../../services/api/infrastructure/auth/jwks-source.ts";
import { createSigningKeys } from "../../services/api/infrastructure/auth/signing-keys.ts";
import { createTokenAuthentication } from "../../services/api/infrastructure/auth/token-authentication.ts";
import { dataIn, removeDataFolder } from "./data-folder.ts";
import { localIssuer } from "./local-issuer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "token-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** What `npm run token` prints. */
function token(...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "token.ts"), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, DATA_FOLDER: dataFolder() },
    encoding: "utf8",
  });
  if (stderr) throw new Error(stderr);
  return stdout.trim();
}

const dataFolder = () => join(folder, "data");

/** As the API of `AUTH=jwt npm start` does it. */
async function authenticate(bearer: string): Promise<Principal> {
  const variables = await localIssuer(dataFolder());
  const source = createJwksSource(variables.AUTH_JWKS_URL ?? "");
  const keys = createSigningKeys({ source, log: pino({ level: "silent" }), onLoad: () => {} });
  return createTokenAuthentication({
    findKey: keys.find,
    issuer: variables.AUTH_ISSUER ?? "",
    audience: variables.AUTH_AUDIENCE ?? "",
    algorithms: [variables.AUTH_ALGORITHMS ?? ""],
    clockToleranceSeconds: 0,
  })(`Bearer ${bearer}`);
}

test("a token made before the API's first start is good for everything, and tells whom it speaks of", async () => {
  const { caller, scopes } = await authenticate(token());
  expect(caller).toMatchObject({ id: expect.stringContaining("operator"), customerId: undefined });
  expect([...scopes]).toEqual(["orders:read", "orders:write", "orders:operate"]);
});

test("a customer's token is the customer's, with the scopes and the time that were asked for", async () => {
  await localIssuer(dataFolder()); // npm start came first
  const customer = await authenticate(token("--customer", "c-1"));
  expect(customer.caller.customerId).toBe("c-1");
  expect([...customer.scopes]).toEqual(["orders:read", "orders:write"]);
  const short = token("--scopes", "orders:read", "--ttl", "60", "--subject", "me");
  expect((await authenticate(short)).scopes).toEqual(new Set(["orders:read"]));
  const { exp = 0, iat = 0, sub } = decodeJwt(short);
  expect([exp - iat, sub]).toEqual([60, "me"]);
});

test("the private key is its owner's, and goes with the data folder", async () => {
  token();
  const { mode } = await stat(join(dataIn(dataFolder()).tokens, "private-key.json"));
  expect(mode & 0o077).toBe(0);
  expect(await removeDataFolder(dataFolder())).toBe(true);
});

test("a wrong time is refused", () => {
  expect(() => token("--ttl", "soon")).toThrow("--ttl must be a number of seconds");
});
