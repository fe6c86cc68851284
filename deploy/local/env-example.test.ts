import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { z } from "zod";
import { configSchema as apiSchema } from "../../services/api/config.ts";
import { commonVariables, loadConfig } from "../../services/platform/config.ts";
import { configSchema as projectorSchema } from "../../services/projector/config.ts";
import { configSchema as relaySchema } from "../../services/relay/config.ts";
import { faultsOf } from "../../test/support/config-faults.ts";
import { localConfigSchema } from "./local-config.ts";

const file = join(import.meta.dirname, "..", "..", ".env.example");
const services = { api: apiSchema, relay: relaySchema, projector: projectorSchema };

const introduction = `\
# Every variable, with its default. A service and \`npm run migrate\` read their environment and nothing else; \`npm start\`,
# \`npm run reset\` and docker compose read .env as well:
#
#   cp .env.example .env
#
# A service takes each variable from a file as well, as secrets are mounted: DATABASE_URL_FILE=/run/secrets/database-url.
`;

interface Variable {
  readonly name: string;
  readonly description: string;
  /** As it is written in the environment; undefined when it has to be given. */
  readonly initial: string | undefined;
  readonly isRequired: boolean;
}

/** By a rule between variables, which the schema of each does not show. */
const requiredByRule = ["AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"];

/** The variables of a schema as zod tells of them. Throws when one is not described. */
function variablesOf(shape: z.ZodRawShape): Variable[] {
  return (Object.entries(shape) as [string, z.ZodType][]).map(([name, { description, def }]) => {
    if (!description) throw new Error(`${name} has no description`);
    const { type, defaultValue } = def as z.core.$ZodTypes["_zod"]["def"] & { defaultValue?: unknown };
    const hasDefault = type === "default" || type === "prefault";
    const initial = hasDefault ? String(defaultValue) : undefined;
    const isRequired = requiredByRule.includes(name) || (!hasDefault && type !== "optional");
    return { name, description, initial, isRequired };
  });
}

function section(title: string, variables: readonly Variable[]): string {
  const lines = variables.map(
    ({ name, description, initial = "", isRequired }) =>
      `\n# ${description}${isRequired ? " (required)" : ""}\n#${name}=${initial}\n`,
  );
  return `\n\n# ---- ${title} ----\n${lines.join("")}`;
}

function envExample(): string {
  const own = (shape: z.ZodRawShape) => variablesOf(shape).filter(({ name }) => !(name in commonVariables));
  const owner = {
    name: "DATABASE_URL",
    description: "Postgres, as the owner of the tables",
    initial: undefined,
    isRequired: true,
  };
  return [
    introduction,
    section("npm start, npm run reset, docker compose", variablesOf(localConfigSchema.shape)),
    section("npm run migrate", [owner]),
    section("every service", variablesOf(commonVariables)),
    ...Object.entries(services).map(([name, schema]) => section(`services/${name}`, own(schema.shape))),
  ].join("");
}

// When a schema has changed: npx vitest run --project unit deploy/local/env-example.test.ts -u
test(".env.example has every variable of every schema with its default and its description, and nothing else", async () => {
  const root = dirname(file);
  const withConfig = readdirSync(join(root, "services")).filter((name) =>
    existsSync(join(root, "services", name, "main.ts")),
  );
  expect(withConfig).toEqual(Object.keys(services).toSorted());
  expect(existsSync(file)).toBe(true); // the next line would make it
  await expect(envExample()).toMatchFileSnapshot(file);
});

test.each(Object.entries({ ...services, "npm start": localConfigSchema }))(
  "what .env.example says of %s is what happens when a variable is not set",
  (_, schema: z.ZodObject) => {
    const variables = variablesOf(schema.shape);
    const isRequired = (name: string) => variables.some((each) => each.name === name && each.isRequired);
    const given = Object.entries({
      DATABASE_URL: "postgres://db/orders",
      REDIS_URL: "redis://cache",
      AUTH_ISSUER: "https://issuer",
      AUTH_AUDIENCE: "orders",
      AUTH_JWKS_URL: "https://issuer/keys",
    }).filter(([name]) => isRequired(name));
    const faults = faultsOf(() => loadConfig(schema, {}));
    expect(faults.map(({ variable }) => variable)).toEqual(given.map(([name]) => name));
    const shown = Object.fromEntries(variables.map(({ name, initial }) => [name, initial]));
    expect(loadConfig(schema, { ...shown, ...Object.fromEntries(given) })).toEqual(
      loadConfig(schema, Object.fromEntries(given)),
    );
  },
);
