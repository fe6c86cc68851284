import { RelayError, type RelayErrorCode } from "./relay-error.ts";

/** Faults that can keep the WAL from being read. */
const faults = [
  "STREAM_LOST",
  "STREAM_SILENT",
  "WAL_LEVEL",
  "NO_REPLICATION_RIGHT",
  "NO_SLOT_LEFT",
  "NO_WALSENDER_LEFT",
  "PUBLICATION_INCOMPLETE",
  "SLOT_IN_USE",
  "SLOT_NOT_MADE",
  "SLOT_WRONG",
] as const satisfies readonly RelayErrorCode[];

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
