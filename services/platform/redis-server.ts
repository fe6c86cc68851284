import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { RedisOptions } from "ioredis";
import type { z } from "zod";
import { variable } from "./config.ts";
import { withRules } from "./config-rules.ts";

/** Where Redis is, and how to be sure of it. */
export interface RedisServer {
  /** `rediss://` speaks TLS: the certificate is then always checked, and that it is of the host in the URL. */
  readonly url: string;
  /** PEM; undefined: the authorities that Node comes with. */
  readonly ca?: string;
}

export const redisTlsVariables = {
  REDIS_TLS_CA_FILE: variable
    .readableFile()
    .optional()
    .describe(
      "PEM file with the authorities of Redis' certificate (rediss://); without it those that Node comes with",
    ),
};

type TlsConfig = z.output<z.ZodObject<typeof redisTlsVariables>>;

/** What the variables need of one another. */
export function withRedisTlsRules<Schema extends z.ZodObject<typeof redisTlsVariables>>(
  schema: Schema,
): Schema {
  return withRules<Schema, TlsConfig & { readonly REDIS_URL?: string | undefined }>(schema, [
    {
      variable: "REDIS_TLS_CA_FILE",
      isBroken: (config) =>
        config.REDIS_TLS_CA_FILE !== undefined && config.REDIS_URL?.startsWith("rediss:") !== true,
      message: "needs a REDIS_URL that starts with rediss://",
    },
  ]);
}

/** Reads the file that the configuration names. */
export function readRedisServer(url: string, { REDIS_TLS_CA_FILE: file }: TlsConfig): RedisServer {
  return file === undefined ? { url } : { url, ca: readFileSync(file, "utf8") };
}

/** What ioredis is to be told besides the URL. */
export function redisTlsOptions({ url, ca }: RedisServer): Pick<RedisOptions, "tls"> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "rediss:") return {};
  return {
    tls: { ...(isIP(hostname) ? {} : { servername: hostname }), ...(ca === undefined ? {} : { ca }) },
  };
}
