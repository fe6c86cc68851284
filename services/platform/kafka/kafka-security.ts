import { readFileSync } from "node:fs";
import { z } from "zod";
import { variable } from "../config.ts";
import { type ConfigRule, withRules } from "../config-rules.ts";

/** How a client shows a broker who it is, and is sure of the broker. */
export interface KafkaSecurity {
  /** Undefined: without TLS. The broker's certificate is always checked, and that it is of the host that was asked for. */
  readonly tls?: TlsOptions;
  readonly sasl?: {
    readonly mechanism: SaslMechanism;
    readonly username: string;
    readonly password: string;
  };
}

/** PEM. */
interface TlsOptions {
  /** Undefined: the authorities that Node comes with. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const saslMechanisms = ["scram-sha-512", "scram-sha-256", "plain"] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

export const kafkaSecurityVariables = {
  KAFKA_TLS: z
    .enum(["on", "off"], "must be on or off")
    .default("off")
    .describe("on: connections to the brokers are encrypted, and their certificates checked"),
  KAFKA_TLS_CA_FILE: variable
    .readableFile()
    .optional()
    .describe(
      "PEM file with the authorities of the brokers' certificates; without it those that Node comes with",
    ),
  KAFKA_TLS_CERT_FILE: variable
    .readableFile()
    .optional()
    .describe("PEM file with this client's certificate, where the brokers ask for one"),
  KAFKA_TLS_KEY_FILE: variable
    .readableFile()
    .optional()
    .describe("PEM file with the private key of KAFKA_TLS_CERT_FILE"),
  KAFKA_SASL_MECHANISM: z
    .enum(saslMechanisms, `must be one of ${saslMechanisms.join(", ")}`)
    .optional()
    .describe(
      "How the client logs in to the brokers: scram-sha-512, scram-sha-256, or plain (with TLS only)",
    ),
  KAFKA_SASL_USERNAME: z.string().optional().describe("User name for KAFKA_SASL_MECHANISM"),
  KAFKA_SASL_PASSWORD: z
    .string()
    .optional()
    .describe("Password for KAFKA_SASL_MECHANISM; better in a file: KAFKA_SASL_PASSWORD_FILE"),
};

type SecurityConfig = z.output<z.ZodObject<typeof kafkaSecurityVariables>>;

/** What the variables need of one another. */
const rules: readonly ConfigRule<SecurityConfig>[] = [
  ...(["KAFKA_TLS_CA_FILE", "KAFKA_TLS_CERT_FILE", "KAFKA_TLS_KEY_FILE"] as const).map((variable) => ({
    variable,
    isBroken: (config: SecurityConfig) => config.KAFKA_TLS !== "on" && config[variable] !== undefined,
    message: "needs KAFKA_TLS=on",
  })),
  {
    variable: "KAFKA_TLS_KEY_FILE",
    isBroken: (config) => config.KAFKA_TLS_CERT_FILE !== undefined && config.KAFKA_TLS_KEY_FILE === undefined,
    message: "is required with KAFKA_TLS_CERT_FILE",
  },
  {
    variable: "KAFKA_TLS_CERT_FILE",
    isBroken: (config) => config.KAFKA_TLS_KEY_FILE !== undefined && config.KAFKA_TLS_CERT_FILE === undefined,
    message: "is required with KAFKA_TLS_KEY_FILE",
  },
  ...(["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"] as const).flatMap((variable) => [
    {
      variable,
      isBroken: (config: SecurityConfig) =>
        config.KAFKA_SASL_MECHANISM !== undefined && config[variable] === undefined,
      message: "is required with KAFKA_SASL_MECHANISM",
    },
    {
      variable,
      isBroken: (config: SecurityConfig) =>
        config.KAFKA_SASL_MECHANISM === undefined && config[variable] !== undefined,
      message: "needs KAFKA_SASL_MECHANISM",
    },
  ]),
  {
    // Whoever listens would have the password.
    variable: "KAFKA_SASL_MECHANISM",
    isBroken: (config) => config.KAFKA_SASL_MECHANISM === "plain" && config.KAFKA_TLS !== "on",
    message: "plain needs KAFKA_TLS=on",
  },
];

export function withKafkaSecurityRules<Schema extends z.ZodObject<typeof kafkaSecurityVariables>>(
  schema: Schema,
): Schema {
  return withRules(schema, rules);
}

/** Reads the files that the configuration names. */
export function readKafkaSecurity(config: SecurityConfig): KafkaSecurity {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD } = config;
  return {
    ...(config.KAFKA_TLS === "on" ? { tls: readTls(config) } : {}),
    ...(mechanism
      ? { sasl: { mechanism, username: KAFKA_SASL_USERNAME ?? "", password: KAFKA_SASL_PASSWORD ?? "" } }
      : {}),
  };
}

function readTls({ KAFKA_TLS_CA_FILE, KAFKA_TLS_CERT_FILE, KAFKA_TLS_KEY_FILE }: SecurityConfig): TlsOptions {
  const read = (file: string) => readFileSync(file, "utf8");
  return {
    ...(KAFKA_TLS_CA_FILE ? { ca: read(KAFKA_TLS_CA_FILE) } : {}),
    ...(KAFKA_TLS_CERT_FILE ? { cert: read(KAFKA_TLS_CERT_FILE) } : {}),
    ...(KAFKA_TLS_KEY_FILE ? { key: read(KAFKA_TLS_KEY_FILE) } : {}),
  };
}
