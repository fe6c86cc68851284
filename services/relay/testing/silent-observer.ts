import type { RelayObserver } from "../application/relay-observer.ts";

const nothing = () => {};

export const silentObserver: RelayObserver = {
  phase: nothing,
  leader: nothing,
  publishStarted: nothing,
  publishFailed: nothing,
  published: nothing,
  tickSent: nothing,
  heartbeat: nothing,
  queued: nothing,
  modeChanged: nothing,
  deadLettered: nothing,
  parkedKeys: nothing,
};
