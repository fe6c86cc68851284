import type { LiveMessage } from "../transport/page/live-message.ts";

export interface LiveListener {
  message(message: LiveMessage): void;
  /** Whether what is shown is of now. Told each second. */
  stale(since: Date | undefined): void;
}

/** The relay sends each second; after this it is silent. */
const STALE_MS = 3_500;
/** Longer than the relay may take to write, and the network to give up. */
const SILENT_MS = 20_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 8_000;

/**
 * For ever. A connection that breaks is opened again by EventSource, which tells the relay what came last; one that was refused
 * or is silent, which EventSource would leave so, is opened anew here.
 */
export function connect(url: string, listener: LiveListener): void {
  let wait = FIRST_WAIT_MS;
  let heardAt: number | undefined;
  let heardOn: Date | undefined;
  let source: EventSource;
  let openedAt = 0;
  let reopening: number | undefined;

  function open(): void {
    reopening = undefined;
    openedAt = performance.now();
    source = new EventSource(url);
    source.addEventListener("live", ({ data }) => {
      wait = FIRST_WAIT_MS;
      heardAt = performance.now();
      heardOn = new Date();
      listener.message(JSON.parse(data) as LiveMessage);
      listener.stale(undefined);
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) reopen();
    });
  }

  function reopen(): void {
    source.close();
    reopening ??= setTimeout(open, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }

  setInterval(() => {
    const silentMs = performance.now() - (heardAt ?? openedAt);
    if (silentMs > STALE_MS) listener.stale(heardOn ?? new Date());
    const isSilent = performance.now() - Math.max(heardAt ?? 0, openedAt) > SILENT_MS;
    if (isSilent && reopening === undefined) reopen();
  }, 1_000);
  open();
}
