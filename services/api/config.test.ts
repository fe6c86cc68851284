import { expect, test } from "vitest";
import { faultsOf } from "../../test/support/config-faults.ts";
import { loadConfig } from "../platform/config.ts";
import { configSchema } from "./config.ts";

const DATABASE_URL = "postgres://db/orders";
const tokens = {
  DATABASE_URL,
  AUTH_ISSUER: "https://issuer",
  AUTH_AUDIENCE: "orders",
  AUTH_JWKS_URL: "https://issuer/keys",
};

/** What is wrong with the environment, by variable. */
function problemsOf(environment: Record<string, string>): Record<string, string> {
  const faults = faultsOf(() => loadConfig(configSchema, environment));
  return Object.fromEntries(faults.map(({ variable, problem }) => [variable, problem]));
}

test("who says nothing of tokens gets no open service, but is told what is missing, with all else that is", () => {
  expect(problemsOf({ API_PORT: "seventy" })).toEqual({
    DATABASE_URL: "is required",
    API_PORT: expect.stringContaining("must be a port"),
    AUTH_ISSUER: "is required, unless AUTH=off",
    AUTH_AUDIENCE: "is required, unless AUTH=off",
    AUTH_JWKS_URL: "is required, unless AUTH=off",
  });
});

test("only AUTH=off needs no settings of tokens, and nothing else turns them off", () => {
  expect(problemsOf({ DATABASE_URL, AUTH: "off" })).toEqual({});
  expect(problemsOf(tokens)).toEqual({});
  for (const AUTH of ["false", "none", "OFF", "0"]) {
    expect(problemsOf({ ...tokens, AUTH })).toEqual({ AUTH: "must be jwt or off" });
  }
});

test.each([
  ["AUTH_ALGORITHMS", "none"],
  ["AUTH_ALGORITHMS", "HS256"],
  ["AUTH_ALGORITHMS", "ES256,hs256"],
  ["AUTH_ALGORITHMS", ","],
  ["AUTH_ISSUER", "two words"],
  ["AUTH_JWKS_URL", "http://issuer/keys"],
  ["AUTH_JWKS_URL", "http://127.0.0.1.evil.example/keys"],
  ["AUTH_JWKS_URL", "ftp://issuer/keys"],
  ["AUTH_JWKS_URL", "keys"],
  ["AUTH_CLOCK_TOLERANCE_SECONDS", "3600"],
])("%s=%s is refused by its name", (variable, value) => {
  expect(problemsOf({ ...tokens, [variable]: value })).toEqual({
    [variable]: expect.stringMatching(/^must /),
  });
});

test.each([
  ["AUTH_JWKS_URL", "http://127.0.0.1:8000/keys"],
  ["AUTH_JWKS_URL", "http://[::1]:8000/keys"],
  ["AUTH_JWKS_URL", "file:///etc/keys/jwks.json"],
  ["AUTH_ALGORITHMS", "ES384,PS512"],
])("%s=%s is taken", (variable, value) => {
  expect(problemsOf({ ...tokens, [variable]: value })).toEqual({});
});

test.each([
  ["API_RATE_LIMIT_PER_SECOND", "10", "REDIS_URL"],
  ["API_TLS_CERT_FILE", "/tls.crt", "API_TLS_KEY_FILE"],
  ["API_TLS_KEY_FILE", "/tls.key", "API_TLS_CERT_FILE"],
])("%s needs %s", (variable, value, other) => {
  expect(problemsOf({ ...tokens, [variable]: value })).toEqual({ [other]: `is required with ${variable}` });
});

test("a stop must have time left after its delay", () => {
  const load = (delay: string) =>
    loadConfig(configSchema, {
      ...tokens,
      SHUTDOWN_TIMEOUT_MS: "5000",
      SHUTDOWN_DELAY_MS: delay,
    });
  expect(load("4999")).toMatchObject({ SHUTDOWN_DELAY_MS: 4_999, DATABASE_POOL_QUEUE: 1_000 });
  expect(() => load("5000")).toThrow("SHUTDOWN_DELAY_MS: must be less than SHUTDOWN_TIMEOUT_MS");
});
