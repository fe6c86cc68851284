import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import type { Terminal } from "./terminal.ts";

const CLEAR_LINE = "\r\x1b[K";
const HOME = "\x1b[H";
const CLEAR_TO_END_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

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
    redraw: stdout.isTTY ? (lines) => void stdout.write(screenOf(lines, known(stdout.rows))) : undefined,
    interrupted() {
      const interruption = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
      return interruption.signal;
    },
    async confirm(question) {
      if (!stdin.isTTY) return undefined;
      const prompt = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
      } finally {
        prompt.close();
      }
    },
    // Heeds NO_COLOR, and whether stdout is a terminal.
    bold: (text) => styleText("bold", text, { stream: stdout }),
    styled: (style, text) => styleText(style, text, { stream: stdout }),
    get columns() {
      return known(stdout.columns);
    },
  };
}

/** What is no terminal has no size, and some terminals tell of none. */
function known(size: number | undefined): number {
  return size || Number.POSITIVE_INFINITY;
}

/** Line by line over what is there, which flickers less than clearing; what the screen has no room for is left out. */
function screenOf(lines: readonly string[], rows: number): string {
  const drawn = lines.slice(0, rows - 1).map((line) => `${line}${CLEAR_TO_END_OF_LINE}\n`);
  return `${HOME}${drawn.join("")}${CLEAR_BELOW}`;
}
