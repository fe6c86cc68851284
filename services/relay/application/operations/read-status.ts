import type { Health } from "../health/fact.ts";
import { healthOf } from "../health/health.ts";
import type { Seen } from "../health/seen.ts";
import type { OutboxFigures, OutboxState } from "../outbox-figures.ts";
import { whoAndWhy } from "../relay-control.ts";
import type { ControlDesk, ControlStanding } from "./control-desk.ts";
import type { HistoryDesk, HistoryLine } from "./history-desk.ts";

/** How a relay is, as far as its database knows. */
export interface RelayStatus {
  /** Ms since 1970. */
  readonly at: number;
  readonly health: Health;
  /** Undefined before the first answer, and so is the next. */
  readonly figures: OutboxState | undefined;
  readonly control: ControlStanding | undefined;
  /** The last changes of the mode, the newest first. */
  readonly changes: readonly HistoryLine[];
}

export interface StatusSources {
  readonly figures: OutboxFigures;
  readonly control: Pick<ControlDesk, "standing">;
  readonly history: Pick<HistoryDesk, "recent">;
}

const LOOKED_AT = 50;
const CHANGES = 5;

/** @throws what the sources do */
export async function readStatus({ figures, control, history }: StatusSources): Promise<RelayStatus> {
  // One after the other: a person has one connection.
  const state = await figures.read();
  const standing = await control.standing();
  const changes = (await history.recent(LOOKED_AT)).filter(({ toMode }) => toMode !== undefined);
  const { pause } = standing;
  const seen: Seen = {
    now: state.readAt,
    figures: state,
    figuresProblem: undefined,
    modeReason: changes.find(({ toMode }) => toMode === state.mode)?.reason,
    pause: pause && `paused by ${whoAndWhy(pause)}`,
    process: undefined,
  };
  return {
    at: state.readAt,
    health: healthOf(seen),
    figures: state,
    control: standing,
    changes: changes.slice(0, CHANGES),
  };
}

/** How it was when the database answered last, and that it does not any more. */
export function unanswered(last: RelayStatus | undefined, problem: string, now: number): RelayStatus {
  const seen: Seen = {
    now,
    figures: last?.figures,
    figuresProblem: problem,
    modeReason: last?.changes[0]?.reason,
    pause: undefined,
    process: undefined,
  };
  return {
    figures: undefined,
    control: undefined,
    changes: [],
    ...last,
    at: now,
    health: healthOf(seen),
  };
}
