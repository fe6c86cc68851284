import type { RelayObserver } from "../application/relay-observer.ts";

/** Tells each of them in turn. */
export function tellAll(...observers: readonly RelayObserver[]): RelayObserver {
  return {
    phase: (...args) => observers.forEach((each) => void each.phase(...args)),
    leader: (...args) => observers.forEach((each) => void each.leader(...args)),
    publishStarted: (...args) => observers.forEach((each) => void each.publishStarted(...args)),
    publishFailed: (...args) => observers.forEach((each) => void each.publishFailed(...args)),
    published: (...args) => observers.forEach((each) => void each.published(...args)),
    tickSent: () => observers.forEach((each) => void each.tickSent()),
    heartbeat: (...args) => observers.forEach((each) => void each.heartbeat(...args)),
    queued: (...args) => observers.forEach((each) => void each.queued(...args)),
    modeChanged: (...args) => observers.forEach((each) => void each.modeChanged(...args)),
    deadLettered: (...args) => observers.forEach((each) => void each.deadLettered(...args)),
    parkedKeys: (...args) => observers.forEach((each) => void each.parkedKeys(...args)),
  };
}
