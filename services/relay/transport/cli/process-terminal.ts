import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import type { Terminal } from "./terminal.ts";

const CLEAR_LINE = "\r\x1b[K";

/** The terminal of this process. */
export function createProcessTerminal(process: NodeJS.Process): Terminal {
  const { stdin, stdout, stderr } = process;
  let shown = false;

  function progress(text = ""): void {
    if (!stderr.isTTY || (text === "" && !shown)) return;
    stderr.write(`${CLEAR_LINE}${text}`);
    shown = text !== "";
  }

  return {
    result(line) {
      progress();
      stdout.write(`${line}\n`);
    },
    note(line) {
      progress();
      stderr.write(`${line}\n`);
    },
    progress,
    async confirm(question) {
      if (!stdin.isTTY) return undefined;
      const prompt = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
      } finally {
        prompt.close();
      }
    },
    interrupted() {
      const interrupted = new AbortController();
      process.once("SIGINT", () => interrupted.abort());
      return interrupted.signal;
    },
    // Heeds NO_COLOR, and whether stdout is a terminal.
    bold: (text) => styleText("bold", text, { stream: stdout }),
    styled: (style, text) => styleText(style, text, { stream: stdout }),
    get columns() {
      return stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY;
    },
  };
}
