import { parseArgs } from "node:util";
import type { Operations } from "../../application/operations/operations.ts";
import type { Terminal } from "./terminal.ts";

/** 0: done; 1: failed; 2: the command line or the configuration is wrong. */
export type ExitCode = 0 | 1 | 2;

export interface CommandContext {
  readonly operations: Operations;
  readonly terminal: Terminal;
  readonly relay: string;
  /** Who runs it, for the history: user@host. */
  readonly who: string;
}

export interface Given {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

export interface OptionHelp {
  /** What stands for the value in the help; without it the option has none. */
  readonly value?: string;
  readonly help: string;
}

export interface CommandTexts {
  /** One word or two. */
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  readonly summary: string;
  readonly about: readonly string[];
  readonly options: Readonly<Record<string, OptionHelp>>;
  readonly examples: readonly string[];
  /** False: it also says something where no relay of this name has ever run. */
  readonly needsRelay?: boolean;
}

export interface Command extends CommandTexts {
  /** Checks the arguments, then gives what is to be done. @throws UsageError */
  prepare(args: readonly string[]): (context: CommandContext) => Promise<ExitCode>;
}

export class UsageError extends Error {
  readonly code = "USAGE";

  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

export function defineCommand<Arguments>(
  texts: CommandTexts,
  read: (given: Given) => Arguments,
  run: (args: Arguments, context: CommandContext) => Promise<ExitCode>,
): Command {
  return {
    ...texts,
    prepare(args) {
      const given = read(parse(args, texts.options));
      return (context) => run(given, context);
    },
  };
}

function parse(args: readonly string[], options: CommandTexts["options"]): Given {
  const types = Object.entries(options).map(
    ([name, { value }]) =>
      [name, { type: value === undefined ? ("boolean" as const) : ("string" as const) }] as const,
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(types),
      allowPositionals: true,
    });
    return { values, positionals };
  } catch (error) {
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw new UsageError(sentence.replace(/\.$/, ""));
  }
}
