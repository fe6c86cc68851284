import type { z } from "zod";

/** What a variable needs of the others. */
export interface ConfigRule<Config> {
  readonly variable: keyof Config & string;
  readonly isBroken: (config: Config) => boolean;
  /** Told of the variable when the rule is broken. */
  readonly message: string;
}

/** The schema that asks for the rules as well. */
export function withRules<Schema extends z.ZodObject, Config>(
  schema: Schema,
  rules: readonly ConfigRule<Config>[],
): Schema {
  return rules.reduce(
    (all, { variable, isBroken, message }) =>
      all.refine((config) => !isBroken(config as Config), {
        path: [variable],
        message,
        when: () => true, // also when other variables are wrong: all is told at once
      }),
    schema,
  );
}
