import type { ProjectorObserver } from "../application/projector-observer.ts";

/** Tells each of them in turn. */
export function tellAll(...observers: readonly ProjectorObserver[]): ProjectorObserver {
  return {
    projected: (...args) => observers.forEach((each) => void each.projected(...args)),
    deadLettered: (...args) => observers.forEach((each) => void each.deadLettered(...args)),
    stalled: (...args) => observers.forEach((each) => void each.stalled(...args)),
    resumed: (...args) => observers.forEach((each) => void each.resumed(...args)),
  };
}
