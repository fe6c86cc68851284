import { lastingFaults, RelayError } from "./relay-error.ts";

/** Faults that can keep the WAL from being read. */
const faults = ["STREAM_LOST", ...lastingFaults] as const;

type ModeFault = "other" | Lowercase<(typeof faults)[number]>;

/** Why polling can have to take over. */
export const modeFaults: readonly ModeFault[] = [...faults.map(lowerCase), "other"];

/** `requested`: by RELAY_MODE, or by people while it runs. `recovered`: the WAL can be read again. `other`: what has no code of ours. */
export type ModeChangeReason = "requested" | "recovered" | ModeFault;

/** Why the way of reading the outbox changes. */
export interface ModeCause {
  readonly code: ModeChangeReason;
  /** A sentence for people. */
  readonly text: string;
}

export function causeOf(error: unknown): ModeCause {
  const text = error instanceof Error ? error.message : String(error);
  const fault = error instanceof RelayError ? faults.find((code) => code === error.code) : undefined;
  return { code: fault ? lowerCase(fault) : "other", text };
}

function lowerCase<Text extends string>(text: Text): Lowercase<Text> {
  return text.toLowerCase() as Lowercase<Text>;
}
