import fc from "fast-check";
import type { RelayMode } from "../../application/relay-control.ts";
import type { RelayErrorCode } from "../../application/relay-error.ts";
import { delicateCalls, type Fault, faultyCalls, type PublishFault, publishFaults } from "./faults.ts";
import type { Publication } from "./model-database.ts";
import { type SlotSabotage, slotSabotages } from "./model-slot.ts";

/** What the world does to the relay. */
export type Step =
  /** In a session that may go on with its transaction later. */
  | { readonly do: "insert"; readonly session: number; readonly row: NewRow }
  | { readonly do: "end"; readonly session: number; readonly how: Ending }
  | {
      readonly do: "transaction";
      readonly session: number;
      readonly rows: readonly NewRow[];
      readonly how: Ending;
    }
  | { readonly do: "standby answers" }
  | { readonly do: "write elsewhere" }
  | { readonly do: "crash"; readonly process: number; readonly next: RelayMode }
  | { readonly do: "restart"; readonly process: number; readonly next: RelayMode }
  | { readonly do: "take the lease away" }
  | { readonly do: "fault"; readonly fault: Fault }
  | { readonly do: "publish fault"; readonly fault: PublishFault }
  | { readonly do: "slot"; readonly what: SlotSabotage }
  | { readonly do: "block the WAL"; readonly code: RelayErrorCode | "none in particular" }
  | { readonly do: "unblock the WAL" }
  | { readonly do: "stall the stream"; readonly ms: number }
  | { readonly do: "take away"; readonly what: "database" | "broker"; readonly ms: number }
  | { readonly do: "publication"; readonly becomes: Publication }
  /** It loses the table, a transaction is written, and it has the table again. */
  | { readonly do: "publication blinks"; readonly session: number; readonly rows: readonly NewRow[] }
  /** People's wishes in relay_control. */
  | { readonly do: "pause" }
  | { readonly do: "resume" }
  | { readonly do: "set the mode"; readonly mode: RelayMode | "default" }
  | { readonly do: "ask"; readonly request: "retry" | "discard"; readonly pick: number }
  | { readonly do: "wait"; readonly ms: number };

export interface NewRow {
  readonly key: number;
  /** Known to the relay as too large, or refused by the broker. */
  readonly poison: "too large" | "refused" | undefined;
}

/** `commit, waiting`: for a synchronous standby; it is in the WAL, but nobody sees it. */
export type Ending = "commit" | "commit, waiting" | "roll back";

export interface History {
  readonly seed: number;
  readonly replicas: number;
  readonly mode: RelayMode;
  /** Kinds of steps that are left out, so that others have the time to show what they do. */
  readonly without: readonly Step["do"][];
  /** Each with the time until the next, ms. */
  readonly steps: readonly (Step & { readonly pause: number })[];
}

export const SESSIONS = 4;
const KEYS = 4;

const disturbances = [
  "crash",
  "restart",
  "take the lease away",
  "fault",
  "publish fault",
  "slot",
  "block the WAL",
  "stall the stream",
  "take away",
  "publication",
  "publication blinks",
  "pause",
  "set the mode",
] as const satisfies readonly Step["do"][];

const ROWS = { minLength: 1, maxLength: 4, size: "max" } as const;

const session = fc.nat(SESSIONS - 1);
const process = fc.nat(1);
const mode = fc.constantFrom<RelayMode>("auto", "auto", "auto", "cdc", "polling");
const row: fc.Arbitrary<NewRow> = fc.record({
  key: fc.nat(KEYS - 1),
  poison: fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom("too large" as const, "refused" as const) },
  ),
});
const how = fc.constantFrom<Ending>("commit", "commit", "commit", "commit, waiting", "roll back");

/** A step of the kind, as often as `weight` says. */
function step<Kind extends Step["do"], Rest>(
  weight: number,
  kind: Kind,
  rest: { [K in keyof Rest]: fc.Arbitrary<Rest[K]> },
) {
  return {
    weight,
    arbitrary: fc.record({ do: fc.constant(kind), ...rest }) as fc.Arbitrary<Rest & { do: Kind }>,
  };
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  step(10, "insert", { session, row }),
  step(10, "end", { session, how }),
  step(25, "transaction", { session, rows: fc.array(row, ROWS), how }),
  step(4, "standby answers", {}),
  step(2, "write elsewhere", {}),
  step(3, "crash", { process, next: mode }),
  step(2, "restart", { process, next: mode }),
  step(2, "take the lease away", {}),
  step(6, "fault", {
    fault: fc.record({
      call: fc.constantFrom(...faultyCalls, ...delicateCalls),
      when: fc.constantFrom("before" as const, "after" as const),
      what: fc.constantFrom("reject" as const, "crash" as const),
    }),
  }),
  step(4, "publish fault", { fault: fc.constantFrom(...publishFaults) }),
  step(4, "slot", { what: fc.constantFrom(...slotSabotages) }),
  step(2, "block the WAL", { code: fc.constantFrom("none in particular" as const, "WAL_LEVEL" as const) }),
  step(3, "unblock the WAL", {}),
  step(2, "stall the stream", { ms: fc.integer({ min: 50, max: 1_500 }) }),
  step(2, "take away", {
    what: fc.constantFrom("database" as const, "broker" as const),
    ms: fc.integer({ min: 5, max: 400 }),
  }),
  step(2, "publication", {
    becomes: fc.constantFrom<Publication>("complete", "complete", "without the table", "missing"),
  }),
  step(1, "publication blinks", { session, rows: fc.array(row, ROWS) }),
  step(2, "pause", {}),
  step(3, "resume", {}),
  step(2, "set the mode", {
    mode: fc.constantFrom("cdc" as const, "polling" as const, "auto" as const, "default" as const),
  }),
  step(6, "ask", {
    request: fc.constantFrom("retry" as const, "retry" as const, "discard" as const),
    pick: fc.nat(7),
  }),
  step(6, "wait", { ms: fc.integer({ min: 50, max: 700 }) }),
);

const pause = fc.oneof(fc.nat(5), fc.nat(30), fc.nat(150));

export const histories: fc.Arbitrary<History> = fc.record({
  seed: fc.integer(),
  replicas: fc.constantFrom(1, 1, 2),
  mode,
  without: fc.subarray([...disturbances]),
  steps: fc.array(
    fc.tuple(steps, pause).map(([each, ms]) => ({ ...each, pause: ms })),
    { minLength: 1, maxLength: 100, size: "max" },
  ),
});
