import { InvalidToken } from "../application/access.ts";
import { OrderError } from "../domain/order-error.ts";
import { InsufficientScope } from "./access-rules.ts";

/**
 * The header `WWW-Authenticate` (RFC 6750, section 3) that goes with an error, if one does. Who sent no token is told no more than that
 * one is needed.
 */
export function challengeOf(error: unknown): string | undefined {
  if (error instanceof InsufficientScope) {
    return challenge({
      error: "insufficient_scope",
      error_description: error.message,
      scope: error.sufficient.join(" "),
    });
  }
  if (error instanceof InvalidToken) {
    return challenge({ error: "invalid_token", error_description: error.message });
  }
  const isUnknown = error instanceof OrderError && error.code === "UNAUTHENTICATED";
  return isUnknown ? challenge({}) : undefined;
}

function challenge(parameters: Readonly<Record<string, string>>): string {
  const all = { realm: "orders", ...parameters };
  return `Bearer ${Object.entries(all)
    // Neither quotes nor backslashes, and ASCII only.
    .map(([name, value]) => `${name}="${value.replace(/[^\x20-\x7e]|["\\]/g, "'")}"`)
    .join(", ")}`;
}
