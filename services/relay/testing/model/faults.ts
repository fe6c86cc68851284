import type { Random } from "./random.ts";

/** Statements and requests of a relay that can fail by themselves. */
export const faultyCalls = [
  "acquire",
  "load",
  "save",
  "last mode",
  "mode changed",
  "begin control",
  "read control",
  "note followed",
  "parked keys",
  "letter ids",
  "park",
  "releasable keys",
  "letters of key",
  "remove",
  "tick",
  "open drain",
  "read drain",
  "prepare",
  "open stream",
  "position",
  "publication",
  "read back",
  "publish",
  "read tail",
] as const;
export type FaultyCall = (typeof faultyCalls)[number];

/** Where a lost answer or a crash is most likely to do harm. */
export const delicateCalls: readonly FaultyCall[] = ["save", "park", "remove", "remove", "publish", "tick"];

/** The others go to the database. */
export const brokerCalls: ReadonlySet<FaultyCall> = new Set(["publish", "read tail"]);

/** `crash`: the process ends there. `reject`: an error comes back. */
export interface Fault {
  readonly call: FaultyCall;
  /** Before it has an effect, or after it, so that only the answer is lost. */
  readonly when: "before" | "after";
  readonly what: "reject" | "crash";
}

export const publishFaults = [
  /** Nothing is appended. */
  "reject",
  /** All is appended. */
  "lose answer",
  /** Some partitions are appended to. */
  "partial",
  /** Some partitions are appended to, some soon after the rejection. */
  "late",
  /** The broker does not answer for a while. */
  "hang",
] as const;
export type PublishFault = (typeof publishFaults)[number];

/** Each waits for the next call that it is meant for, and happens once. */
export interface Faults {
  plan(fault: Fault): void;
  planPublish(fault: PublishFault): void;
  take(call: FaultyCall): Fault | undefined;
  takePublish(): PublishFault | undefined;
  clear(): void;
}

export function createFaults(): Faults {
  let planned: Fault[] = [];
  let publishes: PublishFault[] = [];
  return {
    plan: (fault) => void planned.push(fault),
    planPublish: (fault) => void publishes.push(fault),
    take(call) {
      const index = planned.findIndex((fault) => fault.call === call);
      return index === -1 ? undefined : planned.splice(index, 1)[0];
    },
    takePublish: () => publishes.shift(),
    clear() {
      planned = [];
      publishes = [];
    },
  };
}

/** How long a request or an answer is on its way, ms: mostly short, so that much happens in between when it is not. */
export function travelMs(random: Random): number {
  return random.chance(0.05) ? 10 + random.below(80) : 1 + random.below(4);
}
