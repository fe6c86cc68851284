import { ConfigError } from "../../../platform/config.ts";
import { OperationFailed, type Operations } from "../../application/operations/operations.ts";
import { type Command, type ExitCode, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { helpOn, overview } from "./help.ts";
import type { Terminal } from "./terminal.ts";

export interface CliParts {
  readonly terminal: Terminal;
  readonly who: string;
  /** Only when a command is really run: help needs no configuration. @throws ConfigError */
  readonly open: () => { readonly operations: Operations; readonly relay: string };
}

/** Runs the command that the arguments name; all that goes wrong becomes one line on stderr and an exit code. */
export async function runCli(args: readonly string[], parts: CliParts): Promise<ExitCode> {
  const { terminal } = parts;
  const chosen = choose(args);
  try {
    if (chosen.help) {
      for (const line of helpText(chosen, terminal.bold)) terminal.result(line);
      return 0;
    }
    if (!chosen.command) throw new UsageError(chosen.problem);
    return await runCommand(chosen.command, chosen.rest, parts);
  } catch (error) {
    return tellFailure(error, terminal, chosen.command);
  }
}

async function runCommand(
  { prepare, needsRelay = true }: Command,
  args: readonly string[],
  { terminal, who, open }: CliParts,
): Promise<ExitCode> {
  const work = prepare(args);
  const { operations, relay } = open();
  try {
    if (needsRelay) await expectKnown(relay, operations);
    return await work({ operations, terminal, relay, who });
  } finally {
    await operations.close();
  }
}

async function expectKnown(relay: string, operations: Operations): Promise<void> {
  const relays = await operations.relays();
  if (relays.includes(relay)) return;
  const known = relays.length === 0 ? "no relay has run here yet" : `there is: ${relays.join(", ")}`;
  throw new OperationFailed(
    `this database knows no relay ${relay} (${known}); set RELAY_NAME or DATABASE_URL`,
  );
}

interface Chosen {
  readonly command?: Command;
  readonly rest: readonly string[];
  readonly help: boolean;
  /** The commands that begin like what was given. */
  readonly group: readonly Command[];
  readonly problem: string;
}

function choose(args: readonly string[]): Chosen {
  const help = args.some((arg) => arg === "--help" || arg === "-h");
  const words = args.slice(0, args.findIndex((arg) => arg.startsWith("-")) >>> 0);
  for (const count of [2, 1]) {
    if (words.length < count) continue;
    const name = words.slice(0, count).join(" ");
    const command = commands.find((each) => each.name === name);
    if (command) return { command, rest: args.slice(count), help, group: [], problem: "" };
  }
  const [first] = words;
  const group = commands.filter(({ name }) => name.split(" ")[0] === first);
  const names = (group.length > 0 ? group : commands).map(({ name }) => name).join(", ");
  const what =
    words.length === 0 ? "a command is missing" : `there is no command ${JSON.stringify(words.join(" "))}`;
  return { rest: args, help, group, problem: `${what}; there is: ${names}` };
}

function helpText({ command, group }: Chosen, bold: (text: string) => string): string[] {
  if (command) return helpOn(command, bold);
  return overview(group.length > 0 ? group : commands, bold);
}

function tellFailure(error: unknown, terminal: Terminal, command: Command | undefined): ExitCode {
  terminal.progress();
  if (error instanceof UsageError) {
    terminal.note(`outbox: ${error.message}; see: outbox ${command ? `${command.name} ` : ""}--help`);
    return 2;
  }
  if (error instanceof ConfigError) {
    terminal.note("outbox: the configuration is wrong");
    for (const { variable, problem } of error.faults) terminal.note(`  ${variable}: ${problem}`);
    return 2;
  }
  if (error instanceof OperationFailed) {
    terminal.note(`outbox: ${error.message}`);
    return 1;
  }
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  terminal.note(`outbox: unexpected ${said.split("\n")[0]}; this is a fault in the CLI, please report it`);
  return 1;
}
