#!/usr/bin/env node
import { hostname, userInfo } from "node:os";
import { loadConfig } from "../platform/config.ts";
import { createOperations } from "./cli-composition-root.ts";
import { cliConfigSchema } from "./config.ts";
import { createProcessTerminal } from "./transport/cli/process-terminal.ts";
import { runCli } from "./transport/cli/run-cli.ts";

// What reads the result may have had enough of it: `outbox history | head -1`.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: createProcessTerminal(process),
  who: `${userName()}@${hostname()}`,
  open() {
    const config = loadConfig(cliConfigSchema, process.env);
    return { operations: createOperations(config), relay: config.RELAY_NAME };
  },
});

/** A container's user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.()}`;
  }
}
