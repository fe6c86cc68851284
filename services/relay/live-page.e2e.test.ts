import { randomBytes } from "node:crypto";
import axe from "axe-core";
import pg from "pg";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildPage } from "../../deploy/local/build-page.ts";
import { complaintsOf, expectNoSidewaysScroll, launchBrowser } from "../../test/support/browser.ts";
import { createTestDatabase, rolePassword, type TestDatabase } from "../../test/support/database.ts";
import { type OwnKafka, openKafka } from "../../test/support/own-servers.ts";
import { replicationRefused } from "../../test/support/servers.ts";
import { insertRow } from "./testing/outbox-rows.ts";
import { isReady, type RelayUnderTest, startRelay } from "./testing/running-relay.ts";

let kafka: OwnKafka;
let browser: Browser;
let database: TestDatabase;
let pool: pg.Pool;
/** A role of its own: rights are the cluster's, and other tests must not lose theirs. */
const role = `relay_${randomBytes(4).toString("hex")}`;
let leader: RelayUnderTest;
let standby: RelayUnderTest;
let writing: NodeJS.Timeout;

beforeAll(async () => {
  await buildPage("relay");
  [kafka, browser, database] = await Promise.all([openKafka(), launchBrowser(), createTestDatabase()]);
  pool = new pg.Pool({ connectionString: database.ownerUrl });
  await pool.query(`create role ${role} login replication password '${rolePassword}' in role outbox_relay`);
  leader = await start();
  await isReady(leader);
  standby = await start();
  let version = 0;
  writing = setInterval(() => {
    version++;
    void insertRow(pool, { aggregateId: `order-${version % 7}`, version }).catch(() => {});
  }, 50);
}, 90_000);

afterAll(async () => {
  clearInterval(writing);
  await browser?.close();
  await standby?.stop();
  await leader?.stop();
  await kafka?.dispose();
  await pool?.query(`drop role ${role}`);
  await pool?.end();
  await database?.drop();
}, 60_000);

function start(): Promise<RelayUnderTest> {
  const url = new URL(database.relayUrl);
  url.username = role;
  return startRelay({
    databaseUrl: url.href,
    slot: `${database.name}_slot`,
    topic: "orders-events",
    more: { KAFKA_BROKERS: kafka.brokers },
  });
}

async function open(relay: RelayUnderTest, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 1000 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  await page.goto(relay.opsUrl);
  await fact(page, "Mode").getByText("cdc").waitFor();
  return page;
}

/** The row of a figure: its name, its value, and whether it is fine. */
const fact = (page: Page, title: string) =>
  page.locator("#facts > div").filter({ has: page.getByText(title, { exact: true }) });
const status = (page: Page, name: string) => page.getByRole("status").getByText(name, { exact: true });

async function screenshot(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
}

test("a fresh tab says that it is fine, with every figure in words, and has the time before it was opened", async () => {
  const page = await open(leader);
  const complaints = complaintsOf(page);
  await page.reload();
  await status(page, "Fine").waitFor();
  expect(await page.title()).toBe(`Fine – outbox relay ${database.name}_slot`);
  await fact(page, "Throughput")
    .getByText(/[1-9]\S* events\/s/)
    .waitFor();
  await fact(page, "Standbys").getByText("1", { exact: true }).waitFor();
  expect(await fact(page, "Leader").textContent()).toContain("fine: it is this process");
  expect(await fact(page, "Commit → ack").textContent()).toMatch(/p50 \S+ ms, p99 \S+ msfine/);
  await page.getByRole("list").getByText("cdc: the WAL can be read").waitFor();
  await page.getByRole("img", { name: /^Published, last ten minutes. Now: acked \d+/ }).waitFor();
  expect(complaints).toEqual([]);
});

test("when Kafka stops, the page says so, why, how late events are and what to do; when it is back, it is fine", {
  timeout: 120_000,
}, async () => {
  const page = await open(leader);
  const complaints = complaintsOf(page);
  await status(page, "Fine").waitFor();
  await kafka.stop("SIGKILL");
  await status(page, "Stopped").waitFor();
  expect(await page.title()).toMatch(/^Stopped – /);
  await page.getByText(/^Nothing is published: Kafka has not acked for \d/).waitFor();
  await page.getByText("Bring the brokers back").waitFor();
  await fact(page, "Oldest unpublished event")
    .getByText(/^late: more than/)
    .waitFor();
  await screenshot(page, "stopped");
  await kafka.start();
  await status(page, "Stopped").waitFor({ state: "detached" });
  await fact(page, "Oldest unpublished event").getByText(/^fine/).waitFor();
  await fact(page, "In flight").getByText("fine", { exact: true }).waitFor();
  await screenshot(page, "recovered");
  expect(complaints).toEqual([]);
});

test("when the mode changes the page shows it live, with the reason, in its figures and in its history", {
  timeout: 120_000,
}, async () => {
  const page = await open(leader);
  await pool.query(`alter role ${role} noreplication`);
  await pool.query("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1", [
    `${database.name}_slot`,
  ]);
  await fact(page, "Mode").getByText("polling", { exact: true }).waitFor();
  await page
    .getByText(
      new RegExp(`^Events come from the table, for the WAL cannot be read: .*${replicationRefused()}`),
    )
    .first()
    .waitFor();
  await page
    .getByRole("list")
    .getByText(new RegExp(`cdc → polling: .*${replicationRefused()}`))
    .first()
    .waitFor();
  await screenshot(page, "polling");
  await pool.query(`alter role ${role} replication`);
  await fact(page, "Mode").getByText("cdc", { exact: true }).waitFor();
  await page.getByRole("list").getByText("polling → cdc: the WAL can be read").waitFor();
});

test("when people pause the relay, all pages say who did it and how to go on", {
  timeout: 60_000,
}, async () => {
  const pages = [await open(leader), await open(standby)];
  const relay = `${database.name}_slot`;
  await pool.query(`insert into relay_control (relay) values ($1) on conflict do nothing`, [relay]);
  await pool.query(
    `update relay_control set paused = true, paused_by = 'ann@ops', paused_at = now(), pause_reason = 'the broker is moved',
            revision = revision + 1 where relay = $1`,
    [relay],
  );
  for (const page of pages) {
    await status(page, "Stopped").waitFor();
    await page
      .getByText("Nothing is published: the relay is paused by ann@ops: the broker is moved.")
      .waitFor();
    await page.getByText("npx outbox resume").waitFor();
  }
  await pool.query(
    `update relay_control set paused = false, paused_by = null, paused_at = null, pause_reason = null,
            revision = revision + 1 where relay = $1`,
    [relay],
  );
  for (const page of pages) await status(page, "Stopped").waitFor({ state: "detached" });
});

test("a standby's page tells what SQL knows, and that the rest is the leader's to tell", async () => {
  const page = await open(standby);
  await fact(page, "Leader").getByText("fine: another process").waitFor();
  expect(await fact(page, "Throughput").textContent()).toContain("only the leader knows");
  expect(await fact(page, "Slot's WAL").textContent()).toMatch(/ retained.*reserved/);
  await screenshot(page, "standby");
});

test("when its relay is gone the page says that it is stale, and goes on when there is one again", {
  timeout: 90_000,
}, async () => {
  const page = await open(standby);
  const port = new URL(standby.opsUrl).port;
  await standby.stop();
  await status(page, "No connection").waitFor();
  expect(await page.title()).toMatch(/^No connection/);
  await screenshot(page, "stale");
  const url = new URL(database.relayUrl);
  url.username = role;
  standby = await startRelay({
    databaseUrl: url.href,
    slot: `${database.name}_slot`,
    topic: "orders-events",
    more: { KAFKA_BROKERS: kafka.brokers, OPS_PORT: port },
  });
  await status(page, "No connection").waitFor({ state: "detached" });
  await page.getByText(/^Live; the last sample/).waitFor();
});

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  test.each([
    ["a phone's", 320],
    ["a desk's", 1200],
  ])("on %s width nothing is cut off, and axe finds nothing against screen readers", async (_, width) => {
    const page = await open(leader, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    await page.getByRole("img").first().waitFor();
    await expectNoSidewaysScroll(page);
    await page.addScriptTag({ content: axe.source });
    const found = (await page.evaluate("axe.run()")) as {
      violations: { id: string; nodes: { html: string }[] }[];
    };
    expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    await screenshot(page, `${colorScheme}-${width}`);
  });
});
