import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFlowMeter } from "../../application/live/flow-meter.ts";
import { type LiveView, startLiveView } from "../../application/live/live-view.ts";
import { outboxState } from "../../testing/outbox-state.ts";
import type { LiveMessage } from "./live-message.ts";
import { createLiveStream } from "./live-stream.ts";

let view: LiveView;
let clock: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  clock = 1_000;
  view = start("run1");
});

afterEach(() => {
  view.stop();
  vi.useRealTimers();
});

function start(run: string): LiveView {
  const now = () => clock;
  return startLiveView({
    relay: "orders",
    run,
    meter: createFlowMeter({ name: "relay-a 12", now, elapsed: now }),
    figures: { state: outboxState(), problem: undefined },
    operators: { history: [], pause: undefined, refresh: async () => {} },
    now,
  });
}

function seconds(count: number): void {
  for (let second = 0; second < count; second++) {
    clock += 1_000;
    vi.advanceTimersByTime(1_000);
  }
}

interface Event {
  readonly id: string;
  readonly message: LiveMessage;
}

/** Reads one event after the other, as a browser does. */
async function connect(headers: Record<string, string> = {}, app = createLiveStream(view)) {
  const response = await app.request("/live", { headers });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  async function next(): Promise<Event | undefined> {
    while (!text.includes("\n\n")) {
      const chunk = await reader?.read();
      if (!chunk || chunk.done) return undefined;
      text += chunk.value;
    }
    const [event = ""] = text.split("\n\n", 1);
    text = text.slice(event.length + 2);
    const field = (name: string) =>
      event
        .split("\n")
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2) ?? "";
    expect(field("event")).toBe("live");
    return { id: field("id"), message: JSON.parse(field("data")) };
  }
  return { response, next, close: () => reader?.cancel() };
}

const times = (event: Event | undefined) => event?.message.samples.map(([at]) => at);

test("a fresh tab gets all samples that are kept at once, then one a second", async () => {
  seconds(3);
  const tab = await connect();
  expect(tab.response.headers.get("content-type")).toBe("text/event-stream");
  const first = await tab.next();
  expect(times(first)).toEqual([2_000, 3_000, 4_000]);
  expect(first?.message).toMatchObject({ fresh: true, state: { relay: "orders", process: "relay-a 12" } });
  seconds(1);
  const second = await tab.next();
  expect(times(second)).toEqual([5_000]);
  expect(second?.message.fresh).toBe(false);
});

test("a tab that comes back gets what it has missed, and nothing twice", async () => {
  seconds(2);
  const before = await connect();
  const { id = "" } = (await before.next()) ?? {};
  await before.close();
  seconds(3);
  const after = await connect({ "last-event-id": id });
  const event = await after.next();
  expect(times(event)).toEqual([4_000, 5_000, 6_000]);
  expect(event?.message.fresh).toBe(false);
});

test.each([
  ["of another start of the relay", "run0-2"],
  ["that is still to come", "run1-999"],
  ["that is none", "<script>"],
])("a tab with a number %s begins anew", async (_, id) => {
  seconds(2);
  const event = await (await connect({ "last-event-id": id })).next();
  expect(event?.message.fresh).toBe(true);
  expect(times(event)).toEqual([2_000, 3_000]);
});

test("who cannot keep up gets all that came meanwhile in one event: nothing piles up", async () => {
  const tab = await connect();
  await tab.next();
  const sizes: number[] = [];
  const seen: number[] = [];
  seconds(300);
  while (seen.length < 300) {
    const samples = times(await tab.next()) ?? [];
    sizes.push(samples.length);
    seen.push(...samples.map(Number));
  }
  expect(seen).toEqual(Array.from({ length: 300 }, (_, second) => 2_000 + second * 1_000));
  expect(sizes.length).toBeLessThan(5);
});

test("only so many streams are open at once, and one that has ended makes room", async () => {
  const app = createLiveStream(view, 2);
  const tabs = [await connect({}, app), await connect({}, app)];
  const refused = await app.request("/live");
  expect(refused.status).toBe(503);
  expect(await refused.text()).toContain("close one");
  await tabs[0]?.next();
  await tabs[0]?.close();
  await vi.waitFor(async () => {
    seconds(1);
    expect((await app.request("/live")).status).toBe(200);
  });
});

test("when the relay stops, streams end", async () => {
  const tab = await connect();
  await tab.next();
  view.stop();
  expect(await tab.next()).toBeUndefined();
});

test("asking for the head alone opens no stream", async () => {
  const app = createLiveStream(view, 1);
  expect((await app.request("/live", { method: "HEAD" })).status).toBe(200);
  expect((await app.request("/live")).status).toBe(200);
});
