import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

/** The system's Chromium, as a person's browser would be but for its window. */
export function launchBrowser(): Promise<Browser> {
  // Root, as in a container, cannot have Chromium's sandbox. It opens our own pages only.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
}

/** What the browser complained of on a page: errors of scripts, refused content, failed requests. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}

export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const width = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]");
  const [needed, there] = width as [number, number];
  expect(needed).toBeLessThanOrEqual(there);
}
