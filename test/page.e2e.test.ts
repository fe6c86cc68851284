import { randomUUID } from "node:crypto";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildPage } from "../deploy/local/build-page.ts";
import { complaintsOf, expectNoSidewaysScroll, launchBrowser } from "./support/browser.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";

let system: OrderSystem;
let browser: Browser;

beforeAll(async () => {
  await buildPage("api");
  [system, browser] = await Promise.all([startOrderSystem(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 1000 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${system.restUrl}/`);
  return page;
}

const history = (page: Page) => page.getByRole("list", { name: "What has happened" }).getByRole("listitem");

async function place(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Place the order" }).click();
  await history(page).first().waitFor();
}

/** Waits until so many versions are shown; returns their first words. */
async function shown(page: Page, count: number): Promise<string[]> {
  await history(page)
    .nth(count - 1)
    .waitFor();
  return (await history(page).allInnerTexts()).map((text) => text.split("\n")[0] ?? "");
}

test("an order is placed and led to its end, each version shown once, with the time that each hop took", async () => {
  const page = await open();
  const complaints = complaintsOf(page);
  await page.getByLabel("Customer").fill("c-42");
  await page.getByRole("button", { name: "Add a line" }).click();
  const second = page.getByRole("group", { name: "Line 2" });
  await second.getByLabel("Article").fill("pen");
  await second.getByLabel("Pieces").fill("3");
  await second.getByLabel("Price of one").fill("2,50");
  await place(page);
  await expect(page.getByText("27.40 EUR").count()).resolves.toBe(1);
  const first = await history(page).first().textContent();
  expect(first).toMatch(/\d\d:\d\d:\d\d.\d{3}/);
  expect(first).toMatch(/commit → Kafka: \d+ ms/);
  expect(first).toMatch(/Kafka → Redis: \d+ ms/);
  expect(first).toMatch(/Redis → page: \d+ ms/);

  await page.getByRole("button", { name: "Ready" }).click();
  expect(await shown(page, 2)).toEqual(["created · version 1", "ready to be collected · version 2"]);
  await page.getByRole("button", { name: "Issue" }).click();
  expect((await shown(page, 3))[2]).toBe("issued · version 3");
  await page.getByText("this order has come to its end").waitFor();
  for (const name of ["Ready", "Issue", "Return", "Cancel"]) {
    expect(await page.getByRole("button", { name, exact: true }).isDisabled()).toBe(true);
  }
  expect(await history(page).count()).toBe(3);
  expect(complaints).toEqual([]);
});

test("everything can be done by the keyboard alone", async () => {
  const page = await open();
  /** Goes on with the Tab key until the element has the focus, as a person does. */
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press("Tab");
      const focused = (await page.evaluate(
        "document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText",
      )) as string;
      if (focused.trim().startsWith(name)) return;
    }
    throw new Error(`the Tab key does not lead to ${name}`);
  };
  await tabTo("Customer");
  await page.keyboard.type("-keyboard");
  await tabTo("Place the order");
  await page.keyboard.press("Enter");
  await history(page).first().waitFor();
  await tabTo("Reason");
  await page.keyboard.type("changed my mind");
  await tabTo("Cancel");
  await page.keyboard.press("Space");
  expect((await shown(page, 2))[1]).toBe("cancelled · version 2");
  await page.getByText("changed my mind").waitFor();
});

test("an order that was placed elsewhere is shown from its first version on", async () => {
  const page = await open();
  await place(page);
  await page.getByRole("button", { name: "Ready" }).click();
  await shown(page, 2);
  const id = await page.getByLabel("Order", { exact: true }).inputValue();

  const another = await open();
  await another.getByLabel("Order", { exact: true }).fill(id);
  await another.getByRole("button", { name: "Watch" }).click();
  expect(await shown(another, 2)).toEqual(["created · version 1", "ready to be collected · version 2"]);
});

test("when the API dies the page says so, and goes on where it was: no version is missing and none comes twice", async () => {
  const page = await open();
  await place(page);
  await system.replaceApi(async () => {
    await page.getByText("trying again").waitFor();
  });
  await page.getByText("watching").first().waitFor();
  await page.getByRole("button", { name: "Ready" }).click();
  expect(await shown(page, 2)).toEqual(["created · version 1", "ready to be collected · version 2"]);
  await page.getByRole("button", { name: "Return" }).click();
  expect((await shown(page, 3))[2]).toBe("returned · version 3");
  expect(await history(page).count()).toBe(3);
});

test("what is refused is said in words, and nothing is lost of what was typed", async () => {
  const page = await open();
  await page.getByLabel("Price of one").fill("1.999");
  await page.getByRole("button", { name: "Place the order" }).click();
  await page.getByText('EUR has 2 decimals: "1.999" has more').waitFor();
  expect(await page.getByLabel("Price of one").inputValue()).toBe("1.999");

  await page.getByLabel("Order", { exact: true }).fill(randomUUID());
  await page.getByRole("button", { name: "Watch" }).click();
  await page.getByText("there is no order").waitFor();
});

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  test.each([
    ["a phone's", 320],
    ["a desk's", 1100],
  ])("on %s width nothing is cut off, and axe finds nothing against screen readers", async (_, width) => {
    const page = await open({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    await place(page);
    await expectNoSidewaysScroll(page);
    await page.addScriptTag({ content: axe.source });
    const found = (await page.evaluate("axe.run()")) as {
      violations: { id: string; nodes: { html: string }[] }[];
    };
    expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    if (process.env.SCREENSHOTS) {
      await page.screenshot({
        path: `${process.env.SCREENSHOTS}/page-${colorScheme}-${width}.png`,
        fullPage: true,
      });
    }
  });
});
