import { expect, test } from "vitest";
import type { ControlStanding } from "../../application/operations/control-desk.ts";
import { readStatus, type StatusSources, unanswered } from "../../application/operations/read-status.ts";
import type { OutboxState } from "../../application/outbox-figures.ts";
import { outboxState, slotState } from "../../testing/outbox-state.ts";
import { statusJson, statusLines } from "./status-lines.ts";

const at = new Date("2026-11-27T11:00:00Z");
const plain = { bold: (text: string) => text, styled: (_: string, text: string) => text, columns: 120 };
const standing: ControlStanding = {
  pause: undefined,
  override: undefined,
  configured: "auto",
  actual: "cdc",
  isLed: true,
  isFollowed: true,
};
const change = (toMode: string | undefined, reason: string) => ({
  at,
  epoch: "1",
  leader: "relay-0 1",
  fromMode: toMode === undefined ? undefined : "cdc",
  toMode,
  reason,
  who: undefined,
  command: undefined,
  arguments: undefined,
});

function statusOf(
  figures: Partial<OutboxState>,
  control: Partial<ControlStanding> = {},
  history: readonly ReturnType<typeof change>[] = [],
) {
  const sources: StatusSources = {
    figures: { read: async () => outboxState({ slot: slotState({ safeWalBytes: 1e9 }), ...figures }) },
    control: { standing: async () => ({ ...standing, ...control }) },
    history: { recent: async () => [...history] },
  };
  return readStatus(sources);
}

const linesOf = async (...args: Parameters<typeof statusOf>) =>
  statusLines("orders", await statusOf(...args), plain);

test("of a relay that is well the first line says so, and nothing is left to do", async () => {
  const lines = await linesOf({});
  expect(lines[0]).toBe("orders  FINE  All is published: nothing waits.");
  expect(lines[1]).toBe("");
  expect(lines.join("\n")).toMatch(/Mode +cdc +fine/);
  expect(lines.join("\n")).not.toMatch(/only the leader knows/);
});

test("what is wrong comes first, with what helps and what to type", async () => {
  const lines = await linesOf({ deadLetters: 2, parkedEvents: 3 });
  expect(lines.slice(0, 3)).toEqual([
    "orders  DEGRADED  Kafka has refused 2 events; 3 events of the same keys wait behind.",
    "  All other keys flow. See the reason, remove it, then retry or discard them.",
    "  > npx outbox dead-letters list  docs/runbooks/OutboxDeadLetters.md",
  ]);
});

test("a status that is wrong in two ways tells of both", async () => {
  const lines = await linesOf({ deadLetters: 1, leader: undefined, replicas: [] });
  expect(lines[0]).toMatch(/^orders {2}STOPPED {2}No relay leads/);
  expect(lines.join("\n")).toMatch(/\n {2}Kafka has refused 1 event;/);
});

test("a pause, and a mode that somebody has set, are told with who did it and why", async () => {
  const lines = await linesOf(
    { mode: "polling" },
    {
      pause: { by: "ann@desk", at, reason: "topic moves" },
      override: { by: "bob@desk", at, reason: undefined, mode: "polling" },
    },
    [change("polling", "the mode was set to polling by bob@desk")],
  );
  expect(lines[0]).toMatch(/STOPPED .*paused by ann@desk: topic moves/);
  expect(lines.join("\n")).toMatch(
    /Mode set +polling +set by bob@desk at 2026-11-27 11:00:00Z; configured: auto/,
  );
});

test("the last changes of the mode are told, without what people did besides", async () => {
  const history = [change(undefined, "dead letter retried"), ...Array(7).fill(change("cdc", "again"))];
  const lines = await linesOf({}, {}, history);
  expect(lines.filter((line) => line.includes("cdc > cdc  again"))).toHaveLength(5);
  expect(lines.join("\n")).not.toMatch(/retried/);
});

test("why it polls is the reason of the change to it", async () => {
  const lines = await linesOf({ mode: "polling" }, {}, [change("polling", "no right")]);
  expect(lines[0]).toBe(
    "orders  DEGRADED  Events come from the table, for the WAL cannot be read: no right.",
  );
});

test("on a narrow terminal no line is too long, but for what is to be typed", async () => {
  const status = await statusOf({ deadLetters: 2, parkedEvents: 3 }, {}, [change("cdc", "x".repeat(200))]);
  const lines = statusLines("orders", status, { ...plain, columns: 60 });
  expect(lines.filter((line) => line.length > 60 && !line.startsWith("  > "))).toEqual([]);
});

test("while the database does not answer, what was known last is shown beside that it does not", async () => {
  const last = await statusOf({ unpublishedEvents: 7 });
  const status = unanswered(last, "connect ECONNREFUSED", last.at + 90_000);
  const lines = statusLines("orders", status, plain);
  expect(lines[0]).toMatch(/DEGRADED {2}Postgres has told nothing for 90 s: connect ECONNREFUSED/);
  expect(lines.join("\n")).toMatch(/Unpublished +7 events/);
});

test("before the first answer there is nothing to show but that", () => {
  const lines = statusLines("orders", unanswered(undefined, "connect ECONNREFUSED", 0), plain);
  expect(lines[0]).toMatch(/DEGRADED {2}Postgres has told nothing: connect ECONNREFUSED/);
});

test("as JSON it is one line, with the figures as numbers and the verdicts in words", async () => {
  const json = statusJson("orders", await statusOf({ unpublishedEvents: 7, epoch: 12345678901234567890n }));
  expect(json).not.toContain("\n");
  expect(JSON.parse(json)).toMatchObject({
    relay: "orders",
    status: "fine",
    advice: [],
    figures: { unpublishedEvents: 7, epoch: "12345678901234567890" },
    control: { configured: "auto" },
    changes: [],
  });
});
