import type { Lifecycle } from "../platform/lifecycle.ts";
import type { Logger } from "../platform/logger.ts";
import type { ReadinessCheck } from "../platform/ops-server.ts";
import type { ApiConfig } from "./config.ts";
import type { AccessMetrics } from "./infrastructure/access-metrics.ts";
import { createJwksSource } from "./infrastructure/auth/jwks-source.ts";
import { createSigningKeys } from "./infrastructure/auth/signing-keys.ts";
import { createTokenAuthentication } from "./infrastructure/auth/token-authentication.ts";
import type { RedisCommands } from "./infrastructure/redis/open-redis.ts";
import { createRateLimit } from "./infrastructure/redis/rate-limit.ts";
import { openCertificateFiles } from "./infrastructure/tls/certificate-files.ts";
import { type Gate, openGate, withRateLimit, withRefusalsObserved } from "./transport/gate.ts";
import type { Certificate } from "./transport/tls-server.ts";
import { createTokenGate } from "./transport/token-gate.ts";

export interface AccessOptions {
  readonly config: ApiConfig;
  readonly metrics: AccessMetrics;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

export interface ComposedGate {
  readonly gate: Gate;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
}

/** The part of the composition root that decides who is let in. */
export function composeGate(options: AccessOptions, redis: RedisCommands | undefined): ComposedGate {
  const { gate, checks } = composeAuthentication(options);
  return { gate: withRefusalsObserved(limited(gate, options, redis), options.metrics.onRefused), checks };
}

/** The certificate that both ports show, if they are to speak TLS. */
export async function composeCertificate(options: AccessOptions): Promise<Certificate | undefined> {
  const { config, metrics, log, lifecycle } = options;
  const { API_TLS_CERT_FILE: certFile, API_TLS_KEY_FILE: keyFile } = config;
  if (!certFile || !keyFile) return undefined;
  const files = await openCertificateFiles({ certFile, keyFile, log, onLoad: metrics.onCertificateLoad });
  const watching = new AbortController();
  lifecycle.onStop("certificate files", () => watching.abort());
  void files.watch(watching.signal);
  return files;
}

function composeAuthentication({ config, metrics, log }: AccessOptions): ComposedGate {
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience, AUTH_JWKS_URL: address } = config;
  if (config.AUTH === "off") {
    log.warn({}, "AUTH=off: whoever reaches this service may read and change every order");
    return { gate: openGate, checks: {} };
  }
  if (!issuer || !audience || !address) throw new Error("AUTH=jwt came without its settings");
  const keys = createSigningKeys({ source: createJwksSource(address), log, onLoad: metrics.onKeysLoad });
  const authenticate = createTokenAuthentication({
    findKey: keys.find,
    issuer,
    audience,
    algorithms: config.AUTH_ALGORITHMS,
    clockToleranceSeconds: config.AUTH_CLOCK_TOLERANCE_SECONDS,
  });
  return { gate: createTokenGate(authenticate), checks: { "signing keys": keys.notReady } };
}

function limited(gate: Gate, { config, metrics }: AccessOptions, redis: RedisCommands | undefined): Gate {
  if (config.API_RATE_LIMIT_PER_SECOND === 0 || redis === undefined) return gate;
  const rateLimit = createRateLimit({
    ...redis,
    perSecond: config.API_RATE_LIMIT_PER_SECOND,
    burst: config.API_RATE_LIMIT_BURST,
    onResult: metrics.onRateLimit,
  });
  return withRateLimit(gate, rateLimit);
}
