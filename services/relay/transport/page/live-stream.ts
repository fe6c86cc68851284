import { type Context, Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { LiveView } from "../../application/live/live-view.ts";

const MAX_STREAMS = 20;
const RECONNECT_MS = 1_000;
/** Who takes nothing for this long is gone, or in the way of others. */
const WRITE_MS = 15_000;

/**
 * GET /live: server-sent events (HTML Standard, 9.2), one a second. Each carries the samples since the one before it, so that a
 * browser that comes back with Last-Event-ID misses none. Every event is a sign of life: no comments are needed for that.
 */
export function createLiveStream(view: LiveView, maxStreams = MAX_STREAMS): Hono {
  const app = new Hono();
  let open = 0;
  app.get("/live", (c) => {
    if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
    if (open >= maxStreams)
      return c.text(`${maxStreams} pages are open on this relay: close one\n`, 503, { "retry-after": "5" });
    open++;
    return streamSSE(c, async (stream) => {
      try {
        await send(stream, view, lastSample(c, view));
      } finally {
        open--;
      }
    });
  });
  return app;
}

async function send(stream: SSEStreamingApi, view: LiveView, seen: number | undefined): Promise<void> {
  let last = seen ?? 0;
  let fresh = seen === undefined;
  do {
    const newest = view.newestSample;
    const data = JSON.stringify({ fresh, samples: view.samplesAfter(last), state: view.state() });
    // Ends the write as well.
    const timer = setTimeout(() => stream.abort(), WRITE_MS);
    await stream.writeSSE({ event: "live", id: `${view.run}-${newest}`, retry: RECONNECT_MS, data });
    clearTimeout(timer);
    last = newest;
    fresh = false;
  } while ((await view.sampleAfter(last)) && !stream.aborted);
}

/** The number of the last sample that the page has; undefined when it has none of this run. */
function lastSample(c: Context, view: LiveView): number | undefined {
  const [, run, number] = /^(\w+)-(\d{1,15})$/.exec(c.req.header("last-event-id") ?? "") ?? [];
  if (run !== view.run || Number(number) > view.newestSample) return undefined;
  return Number(number);
}
