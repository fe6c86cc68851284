import type { Authenticate } from "../application/access.ts";
import { requireScope } from "./access-rules.ts";
import type { Gate } from "./gate.ts";

/** Lets in who has a token that is good for the operation. */
export function createTokenGate(authenticate: Authenticate): Gate {
  return async (operation, { authorization }) => {
    const principal = await authenticate(authorization);
    requireScope(operation, principal);
    return principal.caller;
  };
}
