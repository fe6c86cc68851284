import { z } from "zod";
import { variable } from "../platform/config.ts";
import { type ConfigRule, withRules } from "../platform/config-rules.ts";

/** Signatures with a key pair. Never "none", and no HS256: whoever can check such a token can make one. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

/** See `rules`. */
const unlessOff = (isValid: (value: string) => boolean, message: string) =>
  z.string().refine(isValid, message).optional();

/** The variables of who is let in, and how. */
export const accessVariables = {
  AUTH: z
    .enum(["jwt", "off"], "must be jwt or off")
    .default("jwt")
    .describe("jwt: every request needs a bearer token; off: everybody may do everything"),
  AUTH_ISSUER: unlessOff(
    (value) => /^\S{1,255}$/.test(value),
    "must have 1 to 255 characters and no spaces",
  ).describe("The claim iss of every token, unless AUTH=off"),
  AUTH_AUDIENCE: unlessOff((value) => value.length <= 255, "must have 255 characters at the most").describe(
    "What the claim aud of every token has to name, unless AUTH=off",
  ),
  AUTH_JWKS_URL: unlessOff(
    isKeySetAddress,
    "must start with https:// or file://, or with http:// for this machine",
  ).describe("Where the issuer publishes its signing keys (RFC 7517), unless AUTH=off"),
  AUTH_ALGORITHMS: variable
    .list()
    .pipe(z.array(z.enum(algorithms, `must be of ${algorithms.join(", ")}`)))
    .default(["RS256", "ES256", "EdDSA"])
    .describe("The only signatures that are accepted"),
  AUTH_CLOCK_TOLERANCE_SECONDS: variable
    .integer(0, 300)
    .default(5)
    .describe("How far the issuer's clock may be from this one"),
  API_RATE_LIMIT_PER_SECOND: variable
    .integer(0, 1_000_000)
    .default(0)
    .describe("Requests of one caller, in the long run; needs REDIS_URL; 0 sets no limit"),
  API_RATE_LIMIT_BURST: variable
    .integer(1, 1_000_000)
    .default(100)
    .describe("Requests that a caller may have at once after a rest"),
  API_TLS_CERT_FILE: z
    .string()
    .optional()
    .describe(
      "PEM file with the certificate and its chain: both ports then speak TLS; read again when it changes",
    ),
  API_TLS_KEY_FILE: z.string().optional().describe("PEM file with the certificate's private key"),
};

type AccessConfig = z.output<z.ZodObject<typeof accessVariables>> & {
  readonly REDIS_URL?: string | undefined;
};

/** What the variables need of one another. */
const rules: readonly ConfigRule<AccessConfig>[] = [
  ...(["AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"] as const).map((variable) => ({
    variable,
    isBroken: (config: AccessConfig) => config.AUTH !== "off" && config[variable] === undefined,
    message: "is required, unless AUTH=off",
  })),
  {
    variable: "REDIS_URL",
    isBroken: (config) => config.API_RATE_LIMIT_PER_SECOND > 0 && config.REDIS_URL === undefined,
    message: "is required with API_RATE_LIMIT_PER_SECOND",
  },
  {
    variable: "API_TLS_KEY_FILE",
    isBroken: (config) => config.API_TLS_CERT_FILE !== undefined && config.API_TLS_KEY_FILE === undefined,
    message: "is required with API_TLS_CERT_FILE",
  },
  {
    variable: "API_TLS_CERT_FILE",
    isBroken: (config) => config.API_TLS_KEY_FILE !== undefined && config.API_TLS_CERT_FILE === undefined,
    message: "is required with API_TLS_KEY_FILE",
  },
];

export function withAccessRules<Schema extends z.ZodObject<typeof accessVariables>>(schema: Schema): Schema {
  return withRules(schema, rules);
}

/** Whoever can change the keys on their way makes tokens. */
function isKeySetAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  const isThisMachine = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  return protocol === "https:" || protocol === "file:" || (protocol === "http:" && isThisMachine);
}
