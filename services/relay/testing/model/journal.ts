import type { Logger } from "../../../platform/logger.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What happened in a history, to be read when it went wrong. */
export interface Journal {
  note(text: string): void;
  /** The first promise that was broken, if any. */
  readonly violation: string | undefined;
  violated(text: string): void;
  /** The last lines. */
  tail(lines: number): string;
  /** A logger whose lines go here too. */
  logger(name: string): Logger;
}

export function createJournal(clock: VirtualClock): Journal {
  const lines: string[] = [];
  let violation: string | undefined;
  const note = (text: string) => void lines.push(`${String(clock.now).padStart(7)} ${text}`);
  return {
    note,
    get violation() {
      return violation;
    },
    violated(text) {
      note(`VIOLATION: ${text}`);
      violation ??= text;
    },
    tail: (count) => lines.slice(-count).join("\n"),
    logger(name) {
      const write = (fields: unknown, text?: string) =>
        note(`${name}: ${text ?? ""} ${typeof fields === "object" ? briefly(fields) : String(fields)}`);
      return { trace: write, debug: write, info: write, warn: write, error: write, fatal: write } as Logger;
    },
  };
}

function briefly(fields: unknown): string {
  return JSON.stringify(fields, (_, value) =>
    value instanceof Error ? value.message : typeof value === "bigint" ? `${value}` : value,
  );
}
