import { type Logger as PinoLogger, pino } from "pino";

/** Structured logs: an object of fields first, then a text in lower case. Payloads and secrets never go in. */
export type Logger = Pick<PinoLogger, "trace" | "debug" | "info" | "warn" | "error" | "fatal">;

/** JSON lines on stdout; errors under the key `err`. */
export function createLogger(service: string, level: string): PinoLogger {
  return pino({ level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime });
}
