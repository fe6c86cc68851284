import type { Publisher } from "../../application/publisher.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import type { PublishFault } from "./faults.ts";
import { type ModelKafka, TOPIC } from "./model-kafka.ts";
import type { ModelProcess } from "./process-life.ts";
import type { World } from "./world.ts";

export interface ModelPublisher extends Publisher {
  /** The connections to the broker are gone: what is on its way is lost, or lands within the settle time. */
  cut(): void;
}

interface Request {
  readonly waiting: Map<number, readonly OutboxEvent[]>;
  isCut: boolean;
  reject(error: Error): void;
}

const HANG_MS = 2_500;

/** A process' producer. It sends only while the process has the lease (the fence). */
export function createModelPublisher(world: World, process: ModelProcess): ModelPublisher {
  const { clock, random, kafka, faults, journal } = world;
  const requests = new Set<Request>();

  function cutRequest(request: Request, reason: string): void {
    requests.delete(request);
    request.isCut = true;
    for (const [partition, events] of request.waiting) if (random.chance(0.6)) landLater(partition, events);
    request.waiting.clear();
    request.reject(new Error(reason));
  }

  /** It is in the broker's queue. */
  function landLater(partition: number, events: readonly OutboxEvent[]): void {
    clock.after(random.below(world.settleMs - 10), () => {
      journal.note(`${process.name}: ${events.length} records land late in partition ${partition}`);
      kafka.append(partition, events);
    });
  }

  async function send(
    events: readonly OutboxEvent[],
    fault: PublishFault | undefined,
  ): Promise<Map<number, number>> {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    const request: Request = { waiting: byPartition(kafka, events), isCut: false, reject: failed.reject };
    requests.add(request);
    try {
      return await Promise.race([work(request, fault), failed.promise]);
    } finally {
      requests.delete(request);
    }
  }

  async function work(request: Request, fault: PublishFault | undefined): Promise<Map<number, number>> {
    const ends = new Map<number, number>();
    if (fault === "hang") await clock.delay(HANG_MS);
    let refused: string | undefined;
    for (const [partition, events] of [...request.waiting].sort(() => random.next() - 0.5)) {
      await process.travel();
      if (request.isCut) return ends;
      request.waiting.delete(partition);
      const poison = events.find(({ id }) => kafka.poison.has(id));
      refused ??= poison?.id;
      if (poison || fault === "reject") continue;
      if (fault === "partial" && random.chance(0.5)) continue;
      if (fault === "late" && random.chance(0.7)) landLater(partition, events);
      else ends.set(partition, kafka.append(partition, events));
    }
    await process.travel();
    if (refused) throw new RelayError("RECORD_REFUSED", `MESSAGE_TOO_LARGE ${refused}`);
    if (fault && fault !== "hang") throw new Error(`the broker did not ack (${fault})`);
    return ends;
  }

  return {
    refusal: ({ id }) => (world.tooLarge.has(id) ? { reason: "too_large", detail: "too large" } : undefined),
    async publish(events) {
      return process.call("publish", async () => {
        if (!process.holdsLease) throw new Error("the fence is closed");
        const { pause, followed, revision } = world.control;
        if (pause && followed === revision) journal.violated(`${process.name} publishes while it is paused`);
        journal.note(`${process.name}: publishes ${events.map(({ position }) => position).join(" ")}`);
        const ends = await send(events, faults.takePublish());
        // Now and then the broker does not tell (it had the batch already).
        const told = [...ends].filter(() => !random.chance(0.1));
        return { [TOPIC]: Object.fromEntries(told.map(([partition, end]) => [partition, `${end}`])) };
      });
    },
    async discard() {
      for (const request of requests) cutRequest(request, "the producer was thrown away");
      await process.travel();
    },
    cut() {
      for (const request of requests) cutRequest(request, "the connection is lost");
    },
  };
}

function byPartition(kafka: ModelKafka, events: readonly OutboxEvent[]): Map<number, OutboxEvent[]> {
  const parts = new Map<number, OutboxEvent[]>();
  for (const event of events) {
    const partition = kafka.partitionOf(event);
    parts.set(partition, [...(parts.get(partition) ?? []), event]);
  }
  return parts;
}
