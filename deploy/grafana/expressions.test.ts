import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";

// What the panels with words say of states in which no running system is for long.

const run = promisify(execFile);
const dashboard = JSON.parse(await readFile(new URL("dashboards/outbox.json", import.meta.url), "utf8")) as {
  readonly panels: readonly { title: string; targets?: readonly { expr: string }[] }[];
};

type Samples = Readonly<Record<string, number>>;

/** Has promtool evaluate the panel's first expression over series that have these values. */
async function say(title: string, series: Samples, answer: Samples): Promise<void> {
  const panel = dashboard.panels.find((each) => each.title === title);
  const expr = panel?.targets?.[0]?.expr
    .replaceAll(/\$(relay|api|projector)\b/g, ".+")
    .replaceAll("$__rate_interval", "2m");
  if (expr === undefined) throw new Error(`there is no panel ${title}`);
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-expressions-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "test.yml");
  const input_series = Object.entries(series).map(([name, value]) => ({
    series: name,
    values: `${value}x5`,
  }));
  const exp_samples = Object.entries(answer).map(([labels, value]) => ({ labels, value }));
  const tests = [
    { interval: "1m", input_series, promql_expr_test: [{ expr, eval_time: "5m", exp_samples }] },
  ];
  await writeFile(file, stringify({ tests }));
  const failure = await run("promtool", ["test", "rules", file]).then(
    () => "",
    ({ stdout, stderr, message }) => `${stdout}${stderr}` || message,
  );
  expect(failure).toBe("");
}

const modes = (instance: string, now: "cdc" | "polling" | "down"): Samples =>
  Object.fromEntries(
    ["cdc", "polling", "down"].map((mode) => [
      `outbox_relay_mode{job="r", instance="${instance}", mode="${mode}"}`,
      mode === now ? 1 : 0,
    ]),
  );

test.each([
  ["cdc, beside a standby", [modes("a", "down"), modes("b", "cdc")], 2],
  ["polling, beside a standby", [modes("a", "polling"), modes("b", "down")], 1],
  ["down, when nobody leads", [modes("a", "down"), modes("b", "down")], 0],
  ["two modes, when two lead", [modes("a", "polling"), modes("b", "cdc")], 3],
])("the mode is %s", async (_, series, word) => {
  await say("Mode", Object.assign({}, ...series), { '{job="r"}': word });
});

const slotOf = (instance: string, metric: string, more = "") =>
  `${metric}{job="r", instance="${instance}", slot="s"${more}}`;

test("a slot that one replica has already seen lost is lost", async () => {
  const status = (instance: string, now: string) =>
    Object.fromEntries(
      ["reserved", "extended", "unreserved", "lost"].map((each) => [
        slotOf(instance, "outbox_slot_wal_status", `, wal_status="${each}"`),
        each === now ? 1 : 0,
      ]),
    );
  await say(
    "wal_status",
    { ...status("a", "reserved"), ...status("b", "lost") },
    { '{job="r", slot="s"}': 4 },
  );
  await say(
    "wal_status",
    { ...status("a", "extended"), ...status("b", "reserved") },
    { '{job="r", slot="s"}': 2 },
  );
});

test.each([
  ["in use", { [slotOf("a", "outbox_slot_exists")]: 1, [slotOf("a", "outbox_slot_active")]: 1 }, 2],
  ["not in use", { [slotOf("a", "outbox_slot_exists")]: 1, [slotOf("a", "outbox_slot_active")]: 0 }, 1],
  ["not there, and then nothing tells whether it is in use", { [slotOf("a", "outbox_slot_exists")]: 0 }, 0],
])("the slot is %s", async (_, series, word) => {
  await say("Slot in use", series, { '{job="r", slot="s"}': word });
});

test("a slot that was given up is told of with its reason, and one that was not is not invalidated", async () => {
  const valid = { [slotOf("a", "outbox_slot_exists")]: 1 };
  await say("Invalidated", valid, { '{job="r", slot="s"}': 0 });
  const invalidated = { ...valid, [slotOf("a", "outbox_slot_invalidated", ', reason="wal_removed"')]: 1 };
  await say("Invalidated", invalidated, { '{job="r", slot="s", reason="wal_removed"}': 1 });
});

test("a partition of which two replicas tell, as when it is handed over, counts once", async () => {
  const lag = (instance: string) =>
    `kafka_consumergroup_lag{job="p", instance="${instance}", consumergroup="g", topic="t", partition="0"}`;
  await say(
    "Consumer lag",
    { [lag("a")]: 7, [lag("b")]: 9 },
    { '{consumergroup="g", topic="t", partition="0"}': 9 },
  );
});

test("while nobody asks the API no share of its requests has failed, and while nobody reads there is no hit ratio", async () => {
  await say("Cache hit ratio", { 'order_cache_requests_total{job="a", result="hit"}': 5 }, {});
  const answered = 'http_server_request_duration_seconds_count{job="a", http_response_status_code="200"}';
  await say("Share that failed", { [answered]: 5 }, { "{}": 0 });
});
