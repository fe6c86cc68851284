import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAckLaw, type TrackedTransaction } from "./ack-law.ts";

const tick = (id: string) => ({ id, snapshot: "1:1:" });

describe("what may be confirmed", () => {
  test("a transaction's end LSN once all of its events are acked and its commit has come", () => {
    const law = createAckLaw(0n);
    law.begin(1, 0);
    const transaction = law.event();
    law.event();
    law.ack(transaction);
    law.ack(transaction);
    law.advance();
    expect(law.confirmableLsn).toBe(0n);
    law.commit(100n);
    law.advance();
    expect(law.confirmableLsn).toBe(100n);
  });

  test("never a later transaction over an earlier one that is not acked", () => {
    const law = createAckLaw(0n);
    law.begin(1, 0);
    const first = law.event();
    law.commit(100n);
    law.begin(2, 0);
    const second = law.event();
    law.commit(200n);
    law.ack(second);
    law.advance();
    expect(law.confirmableLsn).toBe(0n);
    expect(law.atBoundary).toBe(false);
    law.ack(first);
    law.advance();
    expect(law.confirmableLsn).toBe(200n);
    expect(law.atBoundary).toBe(true);
  });

  test("a keepalive's position only while nothing is in flight", () => {
    const law = createAckLaw(50n);
    law.keepalive(80n);
    expect(law.confirmableLsn).toBe(80n);
    law.begin(1, 0);
    law.keepalive(90n);
    const transaction = law.event();
    law.commit(100n);
    law.keepalive(120n);
    expect(law.confirmableLsn).toBe(80n);
    law.ack(transaction);
    law.keepalive(120n);
    expect(law.confirmableLsn).toBe(120n);
  });

  test("never backwards", () => {
    const law = createAckLaw(500n);
    law.keepalive(400n);
    law.begin(1, 0);
    law.commit(450n);
    law.advance();
    expect(law.confirmableLsn).toBe(500n);
  });

  test("a transaction without events is confirmed by itself, behind those before it", () => {
    const law = createAckLaw(0n);
    law.begin(1, 0);
    law.commit(10n);
    law.advance();
    expect(law.confirmableLsn).toBe(10n);
  });

  test("a tick is complete when everything before it is acked", () => {
    const law = createAckLaw(0n);
    law.begin(1, 0);
    const transaction = law.event();
    law.commit(10n);
    law.begin(2, 0);
    law.tick(tick("a"));
    law.commit(20n);
    law.advance();
    expect(law.completedTick).toBeUndefined();
    law.ack(transaction);
    law.advance();
    expect(law.completedTick?.id).toBe("a");
  });

  test("a transaction published in part only is no boundary", () => {
    const law = createAckLaw(0n);
    law.begin(1, 0);
    const transaction = law.event();
    law.event();
    law.ack(transaction);
    law.advance();
    expect(law.atBoundary).toBe(false);
  });
});

test.each([
  ["an event outside a transaction", (law: ReturnType<typeof createAckLaw>) => law.event()],
  ["a commit outside a transaction", (law: ReturnType<typeof createAckLaw>) => law.commit(1n)],
  [
    "a transaction inside a transaction",
    (law: ReturnType<typeof createAckLaw>) => {
      law.begin(1, 0);
      law.begin(2, 0);
    },
  ],
  [
    "a commit that goes backwards",
    (law: ReturnType<typeof createAckLaw>) => {
      law.begin(1, 0);
      law.commit(10n);
      law.begin(2, 0);
      law.commit(10n);
    },
  ],
  [
    "an event acked twice",
    (law: ReturnType<typeof createAckLaw>) => {
      law.begin(1, 0);
      const transaction = law.event();
      law.ack(transaction);
      law.ack(transaction);
    },
  ],
])("%s is an error", (_, breakIt) => {
  expect(() => breakIt(createAckLaw(0n))).toThrow(/protocol violation|acked twice/);
});

test("over random interleavings of messages, acks and keepalives the law equals its definition", () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("begin" as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("event" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("tick" as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("commit" as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("ack" as const), pick: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("keepalive" as const), ahead: fc.nat(5) }) },
  );
  // A slot repeats what ends below the start.
  const start = fc.constantFrom<bigint[]>(0n, 25n);
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 300, size: "max" }), (startLsn, steps) => {
      const law = createAckLaw(startLsn);
      // The definition, kept the slow way: every transaction, with its number of events that are not acked.
      interface Known {
        endLsn?: bigint;
        unacked: number;
        acked: number;
        tick?: string;
      }
      const all: Known[] = [];
      const inFlight: { known: Known; transaction: TrackedTransaction }[] = [];
      const openOne = () => all.find(({ endLsn }) => endLsn === undefined);
      let walEnd = 0n;
      let followed = startLsn;
      let previous = startLsn;
      for (const [index, s] of steps.entries()) {
        const open = openOne();
        if (s.do === "begin" && !open) {
          law.begin(index, 0);
          all.push({ unacked: 0, acked: 0 });
        } else if (s.do === "event" && open) {
          open.unacked += 1;
          inFlight.push({ known: open, transaction: law.event() });
        } else if (s.do === "tick" && open) {
          open.tick = `${index}`;
          law.tick(tick(open.tick));
        } else if (s.do === "commit" && open) {
          walEnd += 10n;
          open.endLsn = walEnd;
          law.commit(walEnd);
        } else if (s.do === "ack" && inFlight.length > 0) {
          const [next] = inFlight.splice(s.pick % inFlight.length, 1);
          if (!next) continue;
          next.known.unacked -= 1;
          next.known.acked += 1;
          law.ack(next.transaction);
        } else if (s.do === "keepalive") {
          walEnd += BigInt(s.ahead);
          law.keepalive(walEnd);
          if (all.every((t) => t.endLsn !== undefined && t.unacked === 0) && walEnd > followed)
            followed = walEnd;
        }
        law.advance();
        const firstUnfinished = all.findIndex((t) => t.endLsn === undefined || t.unacked > 0);
        const prefix = firstUnfinished === -1 ? all : all.slice(0, firstUnfinished);
        const byCommits = prefix.at(-1)?.endLsn ?? 0n;
        expect(law.confirmableLsn).toBe(byCommits > followed ? byCommits : followed);
        expect(law.confirmableLsn >= previous).toBe(true);
        expect(law.completedTick?.id).toBe(prefix.findLast((t) => t.tick !== undefined)?.tick);
        expect(law.idle).toBe(firstUnfinished === -1);
        expect(law.atBoundary).toBe(all.slice(prefix.length).every((t) => t.acked === 0));
        previous = law.confirmableLsn;
      }
    }),
  );
});
