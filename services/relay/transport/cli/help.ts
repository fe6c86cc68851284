import type { Command } from "./command.ts";

const ending = [
  "Environment:",
  "  DATABASE_URL  Postgres with the outbox, as for the relay; the role outbox_relay is enough",
  "  RELAY_NAME    the relay that is meant (default: orders)",
  "",
  "Exit codes: 0 done (and, of status and doctor: all is well), 1 failed, 2 the command line or the configuration is wrong",
];

/** Help on all commands, or on those of one group. */
export function overview(commands: readonly Command[], bold: (text: string) => string): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${bold("outbox")} - look after an outbox relay, through its database`,
    "",
    "Usage: outbox <command> [options]",
    "",
    "Commands:",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "outbox <command> --help tells more, with examples.",
    "",
    ...ending,
  ];
}

export function helpOn(command: Command, bold: (text: string) => string): string[] {
  const options = Object.entries({ ...command.options, help: { help: "show this" } }).map(
    ([name, { value, help }]: [string, { value?: string; help: string }]) =>
      [`--${name}${value === undefined ? "" : ` ${value}`}`, help] as const,
  );
  const width = Math.max(...options.map(([name]) => name.length));
  return [
    `${bold(`outbox ${command.name}`)} - ${command.summary}`,
    "",
    `Usage: outbox ${command.name} ${command.usage}`.trimEnd(),
    "",
    ...command.about,
    "",
    "Options:",
    ...options.map(([name, help]) => `  ${name.padEnd(width)}  ${help}`),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
    ...ending,
  ];
}
