import { type Backoff, createBackoff } from "../../../platform/backoff.ts";
import type { DeadLetterTopic } from "../dead-letter-topic.ts";
import type { OrderProjection } from "../order-projection.ts";
import { createProjectBatch, type ProjectBatch } from "../project-batch.ts";
import type { ProjectorObserver } from "../projector-observer.ts";
import type { ReadEvent } from "../read-event.ts";
import { createUntilDone } from "../until-done.ts";

export interface ProjectorPorts {
  readonly readEvent: ReadEvent;
  readonly projection: OrderProjection;
  readonly deadLetters: DeadLetterTopic;
  readonly observer: ProjectorObserver;
}

/** Builds the projector's use case from its ports. */
export function createProjectorFromPorts(
  ports: ProjectorPorts,
  newBackoff: () => Backoff = () => createBackoff({ initialMs: 100, maxMs: 2_000 }),
): ProjectBatch {
  const untilDone = createUntilDone({ observer: ports.observer, createBackoff: newBackoff });
  return createProjectBatch({ ...ports, untilDone });
}
