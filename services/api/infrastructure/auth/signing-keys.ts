import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import type { Logger } from "../../../platform/logger.ts";
import type { ReadinessCheck } from "../../../platform/ops-server.ts";
import { OrderError } from "../../domain/order-error.ts";
import type { JwksSource } from "./jwks-source.ts";

export interface SigningKeysOptions {
  readonly source: JwksSource;
  readonly log: Logger;
  readonly onLoad: (succeeded: boolean) => void;
  /** Milliseconds. */
  readonly now?: () => number;
}

export interface SigningKeys {
  /** The key of a token's header. @throws OrderError UNAVAILABLE when that cannot be told now */
  readonly find: JWTVerifyGetKey;
  readonly notReady: ReadinessCheck;
}

/** Keys of this age are read again, beside the requests. */
export const REFRESH_AFTER_MS = 5 * 60_000;
/** An issuer that cannot be reached for longer is not believed any more: it may have withdrawn a key. */
export const STALE_AFTER_MS = 60 * 60_000;
/** Between two tries, whatever tokens come: a token with an unknown key costs its sender nothing. */
export const COOLDOWN_MS = 10_000;
/** The same while there are no keys at all, when nobody can be served. */
export const RETRY_MS = 1_000;

/**
 * The issuer's keys, kept. A key that is not among them makes them be read again: so an issuer can rotate at any time. jose's own
 * remote set throws its keys away when a refresh fails, tries anew for every request during an outage, and reads no files.
 */
export function createSigningKeys({ source, log, onLoad, now = Date.now }: SigningKeysOptions): SigningKeys {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let problem: unknown;
  let loading: Promise<void> | undefined;

  async function load(): Promise<void> {
    triedAt = now();
    try {
      keys = createLocalJWKSet(await source());
      loadedAt = now();
      if (problem !== undefined) log.info({}, "the signing keys can be had again");
      problem = undefined;
      onLoad(true);
    } catch (error) {
      if (problem === undefined) log.error({ err: error }, "the signing keys cannot be had, trying again");
      problem = error ?? new Error("unknown");
      onLoad(false);
    }
  }

  /** One at a time; undefined when the last try was just now. */
  function reload(pauseMs: number): Promise<void> | undefined {
    if (loading === undefined && now() - triedAt >= pauseMs) {
      loading = load().finally(() => {
        loading = undefined;
      });
    }
    return loading;
  }

  const isStale = () => now() - loadedAt > STALE_AFTER_MS;

  void reload(0);
  return {
    async find(header, token) {
      if (isStale()) await reload(RETRY_MS);
      else if (now() - loadedAt > REFRESH_AFTER_MS) void reload(COOLDOWN_MS);
      if (keys === undefined || isStale()) throw unavailable(problem);
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
      await reload(COOLDOWN_MS);
      try {
        return await keys(header, token);
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey && problem !== undefined) throw unavailable(problem);
        throw error;
      }
    },
    notReady() {
      if (keys !== undefined && !isStale()) return undefined;
      void reload(RETRY_MS);
      return problem instanceof Error
        ? `the signing keys cannot be had: ${problem.message}`
        : "the signing keys have not come yet";
    },
  };
}

function unavailable(cause: unknown): OrderError {
  const message = "it cannot be told now who the caller is";
  return new OrderError("UNAVAILABLE", message, [], { cause, retryAfterMs: RETRY_MS });
}
