import type { OutboxEvent } from "../domain/outbox-event.ts";

/** What a page is to hold at the most in memory, so that large payloads make short pages. */
const PAGE_BYTES = 1_000_000;
const PAGE_EVENTS = 1_000;
export const FIRST_PAGE_EVENTS = 100;

/** How many events the next page is to have, by the size of those of this one. */
export function nextPageLimit(page: readonly OutboxEvent[], limit: number): number {
  const bytes = page.reduce((sum, event) => sum + event.bytes, 0);
  if (bytes === 0) return limit;
  return Math.max(1, Math.min(PAGE_EVENTS, Math.floor((PAGE_BYTES * page.length) / bytes)));
}
