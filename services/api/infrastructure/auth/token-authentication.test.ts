import { type CryptoKey, exportSPKI, importJWK, SignJWT } from "jose";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AUDIENCE, type Claims, type Issuer, startIssuer } from "../../testing/issuer.ts";
import { createJwksSource } from "./jwks-source.ts";
import { createSigningKeys } from "./signing-keys.ts";
import { createTokenAuthentication } from "./token-authentication.ts";

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

const seconds = () => Math.floor(Date.now() / 1000);

function authentication({ algorithms = ["RS256", "ES256", "EdDSA"], from = issuer } = {}) {
  const log = pino({ level: "silent" });
  const keys = createSigningKeys({ source: createJwksSource(from.url), log, onLoad: () => {} });
  return createTokenAuthentication({
    findKey: keys.find,
    issuer: from.variables.AUTH_ISSUER ?? "",
    audience: AUDIENCE,
    algorithms,
    clockToleranceSeconds: 5,
  });
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("a valid token says who the caller is and what it may do", async () => {
  const authenticate = authentication();
  const internal = await authenticate(`Bearer ${await issuer.token({ scope: "orders:read other" })}`);
  expect(internal.caller).toEqual({ id: "https://issuer.test somebody", customerId: undefined });
  expect([...internal.scopes]).toEqual(["orders:read", "other"]);
  const customer = await authenticate(`bearer  ${await issuer.token({ customer_id: "c-1", scope: "" })}`);
  expect(customer.caller.customerId).toBe("c-1");
  expect(customer.scopes.size).toBe(0);
});

test.each<[string, Claims]>([
  ["scope with spaces", { scope: "a b" }],
  ["scope as a list", { scope: ["a", "b"] }],
  ["scp as a list", { scp: ["a", "b"] }],
  ["both", { scope: "a", scp: "b" }],
])("scopes are read from %s", async (_, claims) => {
  const { scopes } = await authentication()(`Bearer ${await issuer.token(claims)}`);
  expect([...scopes]).toEqual(["a", "b"]);
});

test.each<[string, Claims, string]>([
  ["of another issuer", { iss: "https://issuer.test.evil" }, "iss"],
  ["without an issuer", { iss: undefined }, "iss"],
  ["for another audience", { aud: "payments" }, "aud"],
  ["for several other audiences", { aud: ["payments", "orders2"] }, "aud"],
  ["without an audience", { aud: undefined }, "aud"],
  ["that has expired", { exp: seconds() - 60 }, "expired"],
  ["that never expires", { exp: undefined }, "exp"],
  ["that is not valid yet", { nbf: seconds() + 60 }, "nbf"],
  ["without a subject", { sub: undefined }, "sub"],
  ["with an empty subject", { sub: "" }, "sub"],
  ["with a subject that is no text", { sub: 7 }, "sub"],
  ["with a subject that has a zero character", { sub: "a\0b" }, "sub"],
  ["with an endless subject", { sub: "x".repeat(256) }, "sub"],
  ["whose customer is null", { customer_id: null }, "customer_id"],
  ["whose customer is empty", { customer_id: "" }, "customer_id"],
  ["whose customer is a number", { customer_id: 1 }, "customer_id"],
  ["whose customer is too long", { customer_id: "x".repeat(65) }, "customer_id"],
  ["whose scope is no text", { scope: 5 }, "scope"],
  ["whose scp has something else", { scp: ["orders:read", {}] }, "scp"],
])("a token %s is refused, and its owner is told why", async (_, claims, why) => {
  const refused = authentication()(`Bearer ${await issuer.token(claims)}`);
  await expect(refused).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
    message: expect.stringContaining(why),
  });
});

test("the audience may be one of several, and clocks may differ by some seconds", async () => {
  const authenticate = authentication();
  const claims = { aud: ["payments", AUDIENCE], nbf: seconds() + 3, exp: seconds() - 3 };
  await expect(authenticate(`Bearer ${await issuer.token(claims)}`)).resolves.toBeDefined();
});

test.each<[string, () => Promise<string> | string]>([
  ["without a signature, alg none", async () => unsigned({ alg: "none" })],
  ["alg NONE", async () => unsigned({ alg: "NONE" })],
  ["alg None with a key's name", async () => unsigned({ alg: "None", kid: issuer.signer().kid })],
  ["signed with the public key as a shared secret", signedWithPublicKey],
  ["signed by somebody else under a name that the issuer has", signedByAnother],
  ["signed by somebody else", async () => issuer.token({}, await issuer.newSigner())],
  [
    "with an algorithm that is not on the list",
    async () => issuer.token({}, await issuer.newSigner("ES384")),
  ],
  ["with other claims than were signed", () => tampered({ sub: "root" })],
  ["that brings its own key", bringsItsKey],
  ["that names an extension nobody knows", namesAnExtension],
  ["that is cut off", async () => (await issuer.token()).slice(0, -5)],
  ["of two parts", async () => (await issuer.token()).split(".").slice(0, 2).join(".")],
  ["that is no token", () => "a.b.c"],
  ["that is empty", () => ""],
  ["that is no base64url", () => "*.*.*"],
])("a token %s is refused", async (_, token) => {
  const refused = authentication()(`Bearer ${await token()}`);
  await expect(refused).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

async function unsigned(header: object): Promise<string> {
  const [, claims] = (await issuer.token()).split(".");
  return `${encoded(header)}.${claims}.`;
}

async function signedWithPublicKey(): Promise<string> {
  const { publicJwk, kid } = issuer.signer();
  const pem = await exportSPKI((await importJWK({ ...publicJwk, alg: "ES256" })) as CryptoKey);
  const [, claims = ""] = (await issuer.token()).split(".");
  return new SignJWT(JSON.parse(Buffer.from(claims, "base64url").toString()))
    .setProtectedHeader({ alg: "HS256", kid })
    .sign(new TextEncoder().encode(pem));
}

async function signedByAnother(): Promise<string> {
  return issuer.token({}, { ...(await issuer.newSigner()), kid: issuer.signer().kid });
}

async function tampered(claims: object): Promise<string> {
  const [header, old = "", signature] = (await issuer.token()).split(".");
  const all = { ...JSON.parse(Buffer.from(old, "base64url").toString()), ...claims };
  return `${header}.${encoded(all)}.${signature}`;
}

async function bringsItsKey(): Promise<string> {
  const { privateKey, publicJwk } = await issuer.newSigner();
  const [, claims = ""] = (await issuer.token()).split(".");
  return new SignJWT(JSON.parse(Buffer.from(claims, "base64url").toString()))
    .setProtectedHeader({ alg: "ES256", jwk: publicJwk as never })
    .sign(privateKey);
}

async function namesAnExtension(): Promise<string> {
  const { privateKey, kid } = issuer.signer();
  const [, claims = ""] = (await issuer.token()).split(".");
  return new SignJWT(JSON.parse(Buffer.from(claims, "base64url").toString()))
    .setProtectedHeader({ alg: "ES256", kid, crit: ["urn:example:rule"], "urn:example:rule": 1 })
    .sign(privateKey, { crit: { "urn:example:rule": true } });
}

test.each<[string, string | undefined]>([
  ["no header", undefined],
  ["an empty header", ""],
  ["another scheme", "Basic dXNlcjpwYXNz"],
  ["a scheme without a token", "Bearer"],
  ["two tokens", "Bearer a.b.c, Bearer a.b.c"],
  ["a header of many kilobytes", `Bearer ${"x".repeat(9_000)}`],
])("%s is refused", async (_, header) => {
  await expect(authentication()(header)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

test.each(["RS256", "EdDSA"])("an issuer that signs with %s is believed", async (algorithm) => {
  const other = await startIssuer(algorithm);
  try {
    const authenticate = authentication({ from: other });
    await expect(authenticate(`Bearer ${await other.token()}`)).resolves.toBeDefined();
    const strict = authentication({ from: other, algorithms: ["ES256"] });
    await expect(strict(`Bearer ${await other.token()}`)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  } finally {
    await other.close();
  }
});

test("what a refusal passes on has nothing of the token in it", async () => {
  const token = await issuer.token({ aud: "payments", secret: "hunter2" });
  const error = await authentication()(`Bearer ${token}`).catch((reason: unknown) => reason);
  const lines: string[] = [];
  pino({}, { write: (line: string) => lines.push(line) }).error({ err: error });
  for (const part of [...token.split("."), "hunter2", "payments"]) expect(lines.join()).not.toContain(part);
  expect(lines.join()).toContain("UNAUTHENTICATED");
});
