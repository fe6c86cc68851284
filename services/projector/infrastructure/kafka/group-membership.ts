import type { Consumer } from "kafkajs";

/**
 * A fetch is answered within a second, if only by nothing, and while records are worked on heartbeats go on: after this long
 * without either the broker is not there, whatever the connection says.
 */
const SILENCE_MS = 15_000;

/** What is known of this process's place in its consumer group. */
export interface GroupMembership {
  /** Follows a consumer's events. */
  watch(consumer: Consumer): void;
  left(reason: string): void;
  /** Why no records can arrive, or undefined. A member without partitions is ready: it stands by. */
  notReady(): string | undefined;
}

export function createGroupMembership(now: () => number = Date.now): GroupMembership {
  let reason: string | undefined = "has not joined the consumer group yet";
  let answeredAt = now();
  const left = (why: string) => {
    reason = why;
  };
  return {
    watch(consumer) {
      consumer.on(consumer.events.GROUP_JOIN, () => {
        reason = undefined;
        answeredAt = now();
      });
      for (const answer of [consumer.events.FETCH, consumer.events.HEARTBEAT]) {
        consumer.on(answer, () => {
          answeredAt = now();
        });
      }
      consumer.on(consumer.events.REBALANCING, () => left("the consumer group is rebalancing"));
    },
    left,
    notReady() {
      const silentMs = now() - answeredAt;
      if (reason === undefined && silentMs > SILENCE_MS) {
        return `the broker has not answered for ${Math.round(silentMs / 1000)} s`;
      }
      return reason;
    },
  };
}
