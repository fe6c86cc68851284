import { accessSync, constants, readFileSync } from "node:fs";
import { z } from "zod";
import { tracingVariables } from "./tracing/tracing-variables.ts";

/** One thing wrong with the environment. Never carries the variable's value: it may be a secret. */
export interface ConfigFault {
  readonly variable: string;
  readonly problem: string;
}

/** The environment does not fit the schema; `faults` has every fault, not just the first. */
export class ConfigError extends Error {
  readonly code = "CONFIG_INVALID";
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(faults.map((fault) => `${fault.variable}: ${fault.problem}`).join("\n"));
    this.name = "ConfigError";
    this.faults = faults;
  }
}

/**
 * Reads the variables that `schema` names from `environment`. An empty variable counts as unset. Each may be given as a file in its
 * place, as secrets are mounted: `<NAME>_FILE` names it, and its content, less the line's end, is the value.
 * @throws ConfigError with all faults at once.
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const given: Record<string, string> = {};
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(schema.shape)) {
    try {
      const value = givenValue(name, environment);
      if (value !== "") given[name] = value;
    } catch (error) {
      faults.push({ variable: `${name}_FILE`, problem: (error as Error).message });
    }
  }
  const result = schema.safeParse(given);
  if (result.success && faults.length === 0) return Object.freeze(result.data);
  const isReported = (variable: string) => faults.some((fault) => fault.variable === `${variable}_FILE`);
  const problems = (result.error?.issues ?? []).map((issue) => {
    const variable = String(issue.path[0] ?? "environment");
    const isTold = variable in given || issue.code === "custom";
    return { variable, problem: isTold ? issue.message : "is required" };
  });
  throw new ConfigError([...faults, ...problems.filter(({ variable }) => !isReported(variable))]);
}

/** @throws Error that tells what is wrong with the file, and nothing of its content. */
function givenValue(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  const value = environment[name] ?? "";
  const file = environment[`${name}_FILE`] ?? "";
  if (file === "") return value;
  if (value !== "") throw new Error(`cannot be given together with ${name}`);
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new Error(`cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** What is safe to print: passwords and headers, and user names and query parameters of URLs are replaced by `***`. */
export function redactConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      isSecret(name) && value !== undefined ? "***" : redactValue(value),
    ]),
  );
}

function isSecret(name: string): boolean {
  return name.endsWith("_PASSWORD") || name.endsWith("_HEADERS");
}

function redactValue(value: unknown): unknown {
  if (typeof value === "string") return redactUrl(value);
  // JSON would show a map as empty.
  return value instanceof Map ? Object.fromEntries(value) : value;
}

function redactUrl(value: string): string {
  if (!value.includes("://") || !URL.canParse(value)) return value;
  const url = new URL(value);
  if (url.username) url.username = "***";
  if (url.password) url.password = "***";
  if (url.search) url.search = "?***";
  return url.toString();
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** The kinds of variable that more than one service has. */
export const variable = {
  url: (...protocols: readonly string[]) =>
    z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
      message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
    }),
  port: () => z.coerce.number("must be a port, 0 to 65535").int().min(0).max(65535),
  integer: (min: number, max: number) => {
    const message = `must be a whole number from ${min} to ${max}`;
    return z.coerce.number(message).int(message).min(min, message).max(max, message);
  },
  /** The path of a file that is there. */
  readableFile: () => z.string().refine(isReadable, "must be the path of a file that can be read"),
  list: () =>
    z
      .string()
      .transform((value) => value.split(",").map((item) => item.trim()))
      .refine((items) => items.every((item) => item !== ""), "must be a list, separated by commas"),
};

/** Variables that every service has. */
export const commonVariables = {
  HOST: z.string().default("127.0.0.1").describe("The address that it listens on; 0.0.0.0 in a container"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal"])
    .default("info")
    .describe("trace, debug, info, warn, error or fatal"),
  SHUTDOWN_TIMEOUT_MS: variable
    .integer(100, 600_000)
    .default(15_000)
    .describe("Longest time to stop in; what is not done by then is given up"),
  ...tracingVariables,
};
