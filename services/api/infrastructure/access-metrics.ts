import type { X509Certificate } from "node:crypto";
import { Counter, Gauge, type Registry } from "prom-client";
import type { OrderErrorCode } from "../domain/order-error.ts";
import { type RateLimitResult, rateLimitResults } from "./redis/rate-limit.ts";

/** The metrics of who is let in, by name. */
export const accessMetricNames = {
  refused: "orders_requests_refused_total",
  rateLimit: "orders_rate_limit_checks_total",
  keyLoads: "orders_signing_key_loads_total",
  keysLoadedAt: "orders_signing_keys_loaded_timestamp_seconds",
  certificateLoads: "orders_tls_certificate_loads_total",
  certificateExpires: "orders_tls_certificate_expires_timestamp_seconds",
} as const;

/** What the gate refuses with. */
const refusals = [
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "RATE_LIMITED",
  "UNAVAILABLE",
] as const satisfies OrderErrorCode[];

export interface AccessMetrics {
  onRefused(code: OrderErrorCode): void;
  onRateLimit(result: RateLimitResult): void;
  onKeysLoad(succeeded: boolean): void;
  onCertificateLoad(succeeded: boolean, current: X509Certificate): void;
}

export function createAccessMetrics(registry: Registry): AccessMetrics {
  const registers = [registry];
  const refused = new Counter({
    name: accessMetricNames.refused,
    help: "Requests that were refused before their body was read.",
    labelNames: ["code"],
    registers,
  });
  const rateLimit = new Counter({
    name: accessMetricNames.rateLimit,
    help: "Requests counted for the rate limit; unknown ones were let in because Redis was away or slow.",
    labelNames: ["result"],
    registers,
  });
  const keyLoads = new Counter({
    name: accessMetricNames.keyLoads,
    help: "Tries to read the issuer's signing keys.",
    labelNames: ["result"],
    registers,
  });
  const keysLoadedAt = new Gauge({
    name: accessMetricNames.keysLoadedAt,
    help: "When the issuer's signing keys were read last.",
    registers,
  });
  const certificateLoads = new Counter({
    name: accessMetricNames.certificateLoads,
    help: "TLS certificates that were found: taken over, or refused because they cannot be used.",
    labelNames: ["result"],
    registers,
  });
  const certificateExpires = new Gauge({
    name: accessMetricNames.certificateExpires,
    help: "When the TLS certificate in use expires.",
    registers,
  });
  const result = (succeeded: boolean) => ({ result: succeeded ? "succeeded" : "failed" });
  // A series that begins at 0 shows its first increase; one that begins at 1 does not.
  for (const code of refusals) refused.inc({ code: code.toLowerCase() }, 0);
  for (const outcome of rateLimitResults) rateLimit.inc({ result: outcome }, 0);
  for (const succeeded of [true, false]) {
    keyLoads.inc(result(succeeded), 0);
    certificateLoads.inc(result(succeeded), 0);
  }
  return {
    onRefused: (code) => refused.inc({ code: code.toLowerCase() }),
    onRateLimit: (outcome) => rateLimit.inc({ result: outcome }),
    onKeysLoad(succeeded) {
      keyLoads.inc(result(succeeded));
      if (succeeded) keysLoadedAt.setToCurrentTime();
    },
    onCertificateLoad(succeeded, { validToDate }) {
      certificateLoads.inc(result(succeeded));
      certificateExpires.set(validToDate.getTime() / 1000);
    },
  };
}
