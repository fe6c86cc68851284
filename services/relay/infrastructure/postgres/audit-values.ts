import type { Audit } from "../../application/operations/audit.ts";

/** Of relay_history, in the order of `auditValues`. */
export const AUDIT_COLUMNS = "who, command, arguments, reason";

export function auditValues({ who, command, arguments: given, text }: Audit): string[] {
  return [who, command, JSON.stringify(given), text.slice(0, 1_000)];
}
