import type { OrderEvent } from "../domain/order-event.ts";
import type { DeadLetter } from "./dead-letter-topic.ts";
import type { ApplyResult } from "./order-projection.ts";

/** What the projector tells those who watch it. */
export interface ProjectorObserver {
  projected(events: readonly OrderEvent[], results: readonly ApplyResult[]): void;
  deadLettered(letters: readonly DeadLetter[]): void;
  /** A part of the work (named for people, e.g. `orders-events/3`) fails and is tried again; may be called for every try. */
  stalled(part: string, err: unknown): void;
  /** That part of the work goes on again, or is no longer this process's. */
  resumed(part: string): void;
}
