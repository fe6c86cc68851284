import { Problem } from "./problem.ts";

/**
 * Refuses a request that cannot use the answer (RFC 9110, section 12.5.1): the most specific range that JSON is in decides.
 * @throws Problem NOT_ACCEPTABLE
 */
export function requireJsonIsAccepted(accept: string | undefined): void {
  if (accept === undefined || accept === "*/*" || accept === "application/json" || accept.trim() === "")
    return;
  const weights = new Map<string, number>();
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(type, weight === undefined ? 1 : Number(weight));
  }
  const weight = weights.get("application/json") ?? weights.get("application/*") ?? weights.get("*/*") ?? 0;
  if (weight > 0) return;
  throw new Problem("NOT_ACCEPTABLE", "the answer would be application/json, which Accept excludes", {
    errors: [{ header: "Accept", detail: "excludes application/json" }],
  });
}
