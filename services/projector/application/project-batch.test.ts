import { expect, test } from "vitest";
import { createBackoff } from "../../platform/backoff.ts";
import type { OrderEvent } from "../domain/order-event.ts";
import type { ConsumedRecord } from "./consumed-record.ts";
import type { DeadLetter } from "./dead-letter-topic.ts";
import { createProjectorFromPorts } from "./factories/projector-factory.ts";
import type { ApplyResult } from "./order-projection.ts";
import { UnreadableRecord } from "./unreadable-record.ts";

type Fault = "reject" | "fail after write";

/** `value` is the event's id; "poison" cannot be understood, "bug" breaks the reader. */
function records(...values: string[]): ConsumedRecord[] {
  return values.map((value, i) => ({
    topic: "t",
    partition: 4,
    offset: String(i),
    timestamp: "0",
    key: null,
    value: Buffer.from(value),
    headers: Buffer.of(0),
  }));
}

/** The projector over ports that fail as the scripts say, one fault per call, and that write down what happens. */
function scripted(script: { projection?: Fault[]; deadLetters?: Fault[] } = {}) {
  const log: string[] = [];
  const shown = new Set<string>();
  const act = (faults: Fault[] | undefined, write: () => void) => {
    const fault = faults?.shift();
    if (fault !== "reject") write();
    if (fault !== undefined) throw new Error(fault);
  };
  const projectBatch = createProjectorFromPorts(
    {
      readEvent: ({ value }) => {
        const id = String(value);
        if (id === "bug") throw new TypeError("planted");
        if (id === "poison") throw new UnreadableRecord("invalid_json", "planted");
        return {
          id,
          occurredAt: undefined,
          publishedAt: undefined,
          view: { orderId: id, version: 1n, status: "created", json: "{}" },
        };
      },
      projection: {
        async apply(events) {
          const results: ApplyResult[] = events.map(({ id }) => ({
            outcome: shown.has(id) ? "duplicate" : "applied",
            previousVersion: 0n,
          }));
          act(script.projection, () => {
            for (const { id } of events) shown.add(id);
            log.push(`apply ${idsOf(events)}`);
          });
          return results;
        },
      },
      deadLetters: {
        async publish(letters) {
          act(script.deadLetters, () => log.push(`dead letters ${offsetsOf(letters)}`));
        },
      },
      observer: {
        projected: (_, results) => log.push(`projected ${results.map(({ outcome }) => outcome)}`),
        deadLettered: (letters) => log.push(`dead lettered ${letters.map(({ reason }) => reason)}`),
        stalled: (part, err) => log.push(`stalled ${part}: ${(err as Error).message}`),
        resumed: (part) => log.push(`resumed ${part}`),
      },
    },
    () => createBackoff({ initialMs: 1, maxMs: 1 }),
  );
  return { projectBatch, log };
}

const idsOf = (events: readonly OrderEvent[]) => events.map(({ id }) => id).join();
const offsetsOf = (letters: readonly DeadLetter[]) => letters.map(({ record }) => record.offset).join();
const never = new AbortController().signal;

test("what is understood is applied in its order, what is not goes to the dead letters, and the rest goes on", async () => {
  const { projectBatch, log } = scripted();
  await projectBatch(records("a", "poison", "b", "poison", "c"), never);
  expect(log).toEqual([
    "apply a,b,c",
    "projected applied,applied,applied",
    "dead letters 1,3",
    "dead lettered invalid_json,invalid_json",
  ]);
});

test("while the read model rejects, all of the batch is tried again and nothing goes past it", async () => {
  const { projectBatch, log } = scripted({ projection: ["reject", "reject"] });
  await projectBatch(records("a", "poison"), never);
  expect(log).toEqual([
    "stalled t/4: reject",
    "stalled t/4: reject",
    "apply a",
    "resumed t/4",
    "projected applied",
    "dead letters 1",
    "dead lettered invalid_json",
  ]);
});

test("a write whose answer was lost is written again, and is known as a duplicate", async () => {
  const { projectBatch, log } = scripted({ projection: ["fail after write"] });
  await projectBatch(records("a"), never);
  expect(log).toEqual([
    "apply a",
    "stalled t/4: fail after write",
    "apply a",
    "resumed t/4",
    "projected duplicate",
  ]);
});

test("the batch is not done before the dead letter is acked; a lost ack repeats the letter, and applies nothing twice", async () => {
  const { projectBatch, log } = scripted({ deadLetters: ["reject", "fail after write"] });
  await projectBatch(records("a", "poison"), never);
  expect(log).toEqual([
    "apply a",
    "projected applied",
    "stalled t/4: reject",
    "dead letters 1",
    "stalled t/4: fail after write",
    "dead letters 1",
    "resumed t/4",
    "dead lettered invalid_json",
  ]);
});

test("a stop ends the waiting with a rejection, so that nothing is committed", async () => {
  const controller = new AbortController();
  const { projectBatch, log } = scripted({ projection: Array(1_000).fill("reject") });
  const projecting = projectBatch(records("a", "poison"), controller.signal);
  controller.abort();
  await expect(projecting).rejects.toThrow("reject");
  expect(log.filter((line) => !line.startsWith("stalled"))).toEqual([]);
});

test("a stop does not cut short what goes well", async () => {
  const { projectBatch, log } = scripted();
  await projectBatch(records("a", "poison"), AbortSignal.abort());
  expect(log).toContain("dead letters 1");
});

test("a fault of the reader itself is no dead letter: it goes up before anything happened", async () => {
  const { projectBatch, log } = scripted();
  await expect(projectBatch(records("a", "bug"), never)).rejects.toThrow(TypeError);
  expect(log).toEqual([]);
});

test("no records, nothing to do", async () => {
  const { projectBatch, log } = scripted();
  await projectBatch([], never);
  expect(log).toEqual([]);
});
