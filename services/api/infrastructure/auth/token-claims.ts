import type { JWTPayload } from "jose";
import type { Principal } from "../../application/access.ts";

/** A claim that is there and cannot be what it should be. */
export class WrongClaim extends Error {
  constructor(claim: string) {
    super(`the token's claim ${claim} is wrong`);
    this.name = "WrongClaim";
  }
}

/**
 * Who the claims of a verified token speak of. A claim of the wrong form refuses the token: a `customer_id` that is null or empty
 * must not make a caller who may see all orders.
 * @throws WrongClaim
 */
export function principalOf(claims: JWTPayload): Principal {
  const { iss, sub } = claims;
  if (!isText(iss, 255)) throw new WrongClaim("iss");
  if (!isText(sub, 255)) throw new WrongClaim("sub");
  const customerId = claims.customer_id;
  if (customerId !== undefined && !isText(customerId, 64)) throw new WrongClaim("customer_id");
  const scopes = new Set([...scopesIn(claims, "scope"), ...scopesIn(claims, "scp")]);
  // An issuer has no spaces (it is a URI, or has no colon), so no two subjects of any issuers are the same, nor is one "anonymous".
  return { caller: { id: `${iss} ${sub}`, customerId }, scopes };
}

/** Separated by spaces (RFC 8693, section 4.2), or a list, as some issuers have it. */
function scopesIn(claims: JWTPayload, claim: "scope" | "scp"): readonly string[] {
  const value = claims[claim];
  if (value === undefined) return [];
  if (typeof value === "string") return value.split(" ").filter((scope) => scope !== "");
  if (Array.isArray(value) && value.every((scope) => typeof scope === "string")) return value;
  throw new WrongClaim(claim);
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === "string" && value !== "" && value.length <= maxLength && !/\p{Cc}/u.test(value);
}
