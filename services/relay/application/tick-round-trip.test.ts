import { expect, test } from "vitest";
import { createTickRoundTrip } from "./tick-round-trip.ts";

function roundTrip() {
  const sent: string[] = [];
  let now = 0;
  const ticks = createTickRoundTrip({
    heartbeat: {
      async tick(id) {
        sent.push(id);
        return `${sent.length}:${sent.length}:`;
      },
    },
    now: () => now,
  });
  const pass = (ms: number) => {
    now += ms;
  };
  return { ticks, sent, pass };
}

test("a tick is under way until it is complete, and its round trip is the time in between", async () => {
  const { ticks, sent, pass } = roundTrip();
  expect(await ticks.send()).toBe("1:1:");
  pass(30);
  expect(ticks).toMatchObject({ underWay: true, ageMs: 30 });
  expect(ticks.complete(sent[0] ?? "")).toBe(30);
  expect(ticks).toMatchObject({ underWay: false, ageMs: 0 });
  expect(ticks.complete(sent[0] ?? "")).toBeUndefined();
});

test("a stream takes no tick of a stream before it for its own, though both were sent by the same leader", async () => {
  const before = roundTrip();
  await before.ticks.send();
  const { ticks, sent } = roundTrip();
  await ticks.send();
  expect(ticks.isOurs(sent[0] ?? "")).toBe(true);
  expect(ticks.isOurs(before.sent[0] ?? "")).toBe(false);
});
