import { type Given, UsageError } from "./command.ts";

export const jsonOption = { json: { help: "print the result as JSON, for programs" } };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function noPositionals({ positionals }: Given): void {
  if (positionals.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(positionals[0])}`);
}

/** The one positional argument, or undefined. */
export function optionalEventId({ positionals }: Given): string | undefined {
  const [id, more] = positionals;
  if (more !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(more)}`);
  if (id !== undefined && !UUID.test(id)) {
    throw new UsageError(
      `${JSON.stringify(id)} is no event id (a UUID); list them with: outbox dead-letters list`,
    );
  }
  return id?.toLowerCase();
}

export function eventId(given: Given): string {
  const id = optionalEventId(given);
  if (id === undefined)
    throw new UsageError("the event id is missing; list them with: outbox dead-letters list");
  return id;
}

export function text({ values }: Given, option: string): string | undefined {
  const value = values[option];
  return typeof value === "string" ? value : undefined;
}

export function flag({ values }: Given, option: string): boolean {
  return values[option] === true;
}

export function integer(
  given: Given,
  option: string,
  { min, max, otherwise }: { min: number; max: number; otherwise: number },
): number {
  const value = text(given, option);
  if (value === undefined) return otherwise;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${option} must be a whole number from ${min} to ${max}`);
}
