import { hash } from "node:crypto";
import type { Principal } from "../../application/access.ts";

/** What was found out about a token. */
export interface VerifiedToken {
  readonly principal: Principal;
  /** Milliseconds since 1970; from then on it is not valid. */
  readonly expiresAt: number;
}

export interface VerifiedTokensOptions {
  /** Rejects when the token is not valid. */
  readonly verify: (token: string) => Promise<VerifiedToken>;
  /** Milliseconds. */
  readonly now?: () => number;
  readonly maxTokens?: number;
}

/** A key that the issuer has withdrawn is good for no longer than that. */
export const KEEP_MS = 60_000;
const MAX_TOKENS = 10_000;

/**
 * Verifies each token once a minute, for it takes longer than all else before the body is read. Kept by digest, so that no token lies in
 * memory. All are kept for the same time: the first in is the first that would expire, and the one to make room.
 */
export function createVerifiedTokens(options: VerifiedTokensOptions): (token: string) => Promise<Principal> {
  const { verify, now = Date.now, maxTokens = MAX_TOKENS } = options;
  const kept = new Map<string, { readonly principal: Principal; readonly until: number }>();
  return async (token) => {
    const digest = hash("sha256", token, "base64");
    const known = kept.get(digest);
    if (known !== undefined && now() < known.until) return known.principal;
    kept.delete(digest);
    const { principal, expiresAt } = await verify(token);
    kept.set(digest, { principal, until: Math.min(now() + KEEP_MS, expiresAt) });
    for (const first of kept.keys()) {
      if (kept.size <= maxTokens) break;
      kept.delete(first);
    }
    return principal;
  };
}
