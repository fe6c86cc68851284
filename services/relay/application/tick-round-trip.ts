import type { Heartbeat } from "./heartbeat.ts";

/** Sends ticks, one at a time, and measures how long each takes through the WAL, the relay and the broker. */
export interface TickRoundTrip {
  /** Sends a tick, not while one is under way; resolves with its snapshot. */
  send(publication?: string): Promise<string>;
  /** True for the tick that is under way. */
  isOurs(id: string): boolean;
  /** Everything before the tick is acked; gives its round trip in ms, or undefined when it is not the one under way. */
  complete(id: string): number | undefined;
  readonly underWay: boolean;
  /** How long the tick under way has been; 0 when none is. */
  readonly ageMs: number;
}

export function createTickRoundTrip(options: {
  readonly heartbeat: Heartbeat;
  readonly now: () => number;
}): TickRoundTrip {
  const { heartbeat, now } = options;
  // The WAL may still hold the ticks of a stream before this one, which are none of ours.
  const stream = crypto.randomUUID();
  let sent = 0;
  let underWay: { readonly id: string; readonly at: number } | undefined;
  return {
    async send(publication) {
      sent += 1;
      const tick = { id: `${stream}-${sent}`, at: now() };
      // Before the statement: the tick can come back through the stream ahead of the statement's own answer.
      underWay = tick;
      return heartbeat.tick(tick.id, publication);
    },
    isOurs: (id) => underWay?.id === id,
    complete(id) {
      if (underWay?.id !== id) return undefined;
      const roundTrip = now() - underWay.at;
      underWay = undefined;
      return roundTrip;
    },
    get underWay() {
      return underWay !== undefined;
    },
    get ageMs() {
      return underWay ? now() - underWay.at : 0;
    },
  };
}
