import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export interface Issuer {
  readonly url: string;
  /** The variables of an API that believes it. */
  readonly variables: Readonly<Record<string, string>>;
  /** A valid token; `claims` take the place of its own, and are left out when undefined. */
  token(claims?: Claims, signer?: Signer): Promise<string>;
  /** Another key takes the place of the one before, which is not published any more. */
  rotate(): Promise<void>;
  /** A key that it does not publish. */
  newSigner(algorithm?: string): Promise<Signer>;
  signer(): Signer;
  /** How often its keys were read. */
  reads(): number;
  /** What it answers in the place of its keys; undefined: its keys again. */
  breakWith(answer: Answer | undefined): void;
  close(): Promise<void>;
}

export type Claims = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location?: string;
}

export interface Signer {
  readonly algorithm: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export const AUDIENCE = "orders";

/** An issuer of tokens with a real server for its keys. */
export async function startIssuer(algorithm = "ES256"): Promise<Issuer> {
  let reads = 0;
  let keysMade = 0;
  let broken: Answer | undefined;

  async function newSigner(of = algorithm): Promise<Signer> {
    const { privateKey, publicKey } = await generateKeyPair(of);
    keysMade += 1;
    const kid = `key-${keysMade}`;
    return {
      algorithm: of,
      kid,
      privateKey,
      publicJwk: { ...(await exportJWK(publicKey)), kid, use: "sig" },
    };
  }

  let signer = await newSigner();
  const server = createServer((_, response) => {
    reads += 1;
    const keys: Answer = { status: 200, body: JSON.stringify({ keys: [signer.publicJwk] }) };
    const { status, body, location } = broken ?? keys;
    if (location) response.setHeader("location", location);
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  const issuer = "https://issuer.test";

  return {
    url,
    variables: { AUTH: "jwt", AUTH_ISSUER: issuer, AUTH_AUDIENCE: AUDIENCE, AUTH_JWKS_URL: url },
    token(claims = {}, by = signer) {
      const seconds = Math.floor(Date.now() / 1000);
      const own = { iss: issuer, aud: AUDIENCE, sub: "somebody", iat: seconds, exp: seconds + 600 };
      return new SignJWT({ ...own, ...claims })
        .setProtectedHeader({ alg: by.algorithm, kid: by.kid })
        .sign(by.privateKey);
    },
    async rotate() {
      signer = await newSigner();
    },
    newSigner,
    signer: () => signer,
    reads: () => reads,
    breakWith(answer) {
      broken = answer;
    },
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
