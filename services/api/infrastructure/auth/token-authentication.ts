import { errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { type Authenticate, InvalidToken } from "../../application/access.ts";
import { OrderError } from "../../domain/order-error.ts";
import { principalOf, WrongClaim } from "./token-claims.ts";
import { createVerifiedTokens, type VerifiedToken } from "./verified-tokens.ts";

export interface TokenAuthenticationOptions {
  readonly findKey: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  /** No others are even looked at: neither "none", nor one that takes a public key for a shared secret (RFC 8725, section 3.1). */
  readonly algorithms: readonly string[];
  readonly clockToleranceSeconds: number;
}

/** Tokens of issuers have 1 or 2 KB; a larger one is not worth the work. */
const MAX_TOKEN_LENGTH = 8_192;

/** RFC 6750, section 2.1; the scheme in any case (RFC 9110, section 11.1). */
const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;

/** Callers are whom the issuer's tokens speak of (RFC 7519, RFC 9068). */
export function createTokenAuthentication(options: TokenAuthenticationOptions): Authenticate {
  const { findKey, issuer, audience, clockToleranceSeconds } = options;
  const rules = {
    issuer,
    audience,
    algorithms: [...options.algorithms],
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ["exp", "sub"],
  };

  async function verify(token: string): Promise<VerifiedToken> {
    try {
      const { payload } = await jwtVerify(token, findKey, rules);
      const expiresAt = ((payload.exp ?? 0) + clockToleranceSeconds) * 1_000;
      return { principal: principalOf(payload), expiresAt };
    } catch (error) {
      throw error instanceof OrderError ? error : new InvalidToken(reasonOf(error));
    }
  }

  const principalOfToken = createVerifiedTokens({ verify });
  return async (authorization) => {
    if (authorization === undefined) throw noToken();
    if (authorization.length > MAX_TOKEN_LENGTH) throw new InvalidToken("the token is too long");
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw noToken();
    return principalOfToken(token);
  };
}

/** Says what the owner of the token can do something about. jose's errors carry the claims, so they are never passed on. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `the token's claim ${error.claim} is wrong`;
  if (error instanceof WrongClaim) return error.message;
  return "the token is not valid";
}

function noToken(): OrderError {
  return new OrderError("UNAUTHENTICATED", "a bearer token is needed, in the header authorization");
}
