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

test("over random interleavings of transactions, acks and keepalives the law equals its definition", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("transaction" as const), events: fc.nat(4) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("ack" as const), pick: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("keepalive" as const), ahead: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("tick" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const law = createAckLaw(0n);
      // The definition, kept the slow way: every transaction with its number of unacked events.
      const all: { endLsn: bigint; unacked: number; tick?: string }[] = [];
      const inFlight: { model: (typeof all)[number]; transaction: TrackedTransaction }[] = [];
      let walEnd = 0n;
      let followed = 0n;
      let previous = 0n;
      for (const [index, s] of steps.entries()) {
        if (s.do === "transaction" || s.do === "tick") {
          walEnd += 10n;
          const model = {
            endLsn: walEnd,
            unacked: s.do === "tick" ? 0 : s.events,
            tick: s.do === "tick" ? `${index}` : undefined,
          };
          law.begin(index, 0);
          for (let i = 0; i < model.unacked; i++)
            inFlight.push({ model: model as never, transaction: law.event() });
          if (model.tick !== undefined) law.tick(tick(model.tick));
          law.commit(model.endLsn);
          all.push(model as never);
        } else if (s.do === "ack" && inFlight.length > 0) {
          const [acked] = inFlight.splice(s.pick % inFlight.length, 1);
          if (!acked) continue;
          acked.model.unacked -= 1;
          law.ack(acked.transaction);
        } else if (s.do === "keepalive") {
          walEnd += BigInt(s.ahead);
          law.keepalive(walEnd);
          if (all.every((t) => t.unacked === 0)) followed = walEnd;
        }
        law.advance();
        const firstUnacked = all.findIndex((t) => t.unacked > 0);
        const prefix = firstUnacked === -1 ? all : all.slice(0, firstUnacked);
        const byCommits = prefix.at(-1)?.endLsn ?? 0n;
        expect(law.confirmableLsn).toBe(byCommits > followed ? byCommits : followed);
        expect(law.confirmableLsn >= previous).toBe(true);
        expect(law.completedTick?.id).toBe(prefix.findLast((t) => t.tick !== undefined)?.tick);
        expect(law.idle).toBe(firstUnacked === -1);
        previous = law.confirmableLsn;
      }
    }),
  );
});
