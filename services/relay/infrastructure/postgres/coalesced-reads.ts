/** What is read of in one go must come to this much, or there is no hurry that resting would serve. */
const BUSY_BYTES = 16_384;
const BUSY_WITHIN_MS = 4;
const REST_MS = 3;
/** What Node reads from a socket at once: after less than that there was no more. */
const FULL_READ_BYTES = 65_536;

export interface CoalescedReads {
  /** Stops reading; what has been read goes on being delivered. */
  pause(): void;
  resume(): void;
}

/**
 * Lets a stream that is busy rest for a moment after each read. Whoever reads a walsender eagerly wakes up for every message that
 * it sends, and both spend their time on that; after a rest there is more to read at once. A stream that is not busy is read
 * eagerly: what comes is there at once.
 */
export function coalesceReads(
  stream: Pick<NodeJS.ReadableStream, "on" | "pause" | "resume">,
  now = () => performance.now(),
): CoalescedReads {
  let since = now();
  let bytes = 0;
  let resting = false;
  let paused = false;

  function rest(): void {
    resting = true;
    stream.pause();
    setTimeout(() => {
      resting = false;
      since = now();
      bytes = 0;
      if (!paused) stream.resume();
    }, REST_MS);
  }

  stream.on("data", (chunk: Buffer) => {
    if (resting) return;
    const at = now();
    if (at - since > BUSY_WITHIN_MS) {
      since = at;
      bytes = 0;
    }
    bytes += chunk.length;
    if (bytes >= BUSY_BYTES && chunk.length < FULL_READ_BYTES) rest();
  });

  return {
    pause() {
      paused = true;
      stream.pause();
    },
    resume() {
      paused = false;
      if (!resting) stream.resume();
    },
  };
}
