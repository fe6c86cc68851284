import type { Socket } from "node:net";

/** One way of a proxied connection. */
export interface ProxyLink {
  stall(): void;
  resume(): void;
  /** Of all bytes that come from now on; those before keep their order. */
  delay(ms: number): void;
  /** Passes on what has come, and then the end. */
  end(): void;
  /** Passes nothing on any more, and tells when something has come. */
  swallow(onBytes: () => void): void;
  onBytes(listener: (bytes: Buffer) => void): void;
  destroy(): void;
}

export function createProxyLink(
  from: Socket,
  to: Socket,
  state: { readonly delayMs: number; readonly stalled: boolean },
): ProxyLink {
  let { delayMs, stalled } = state;
  let listener = (_bytes: Buffer): void => {};
  let swallowed: (() => void) | undefined;
  let full = false;
  /** Work that waits for its time; in order, whatever the delay is changed to. */
  let waiting = 0;
  let last = Promise.resolve();

  function flow(): void {
    if (stalled || full) from.pause();
    else from.resume();
  }

  function write(bytes: Buffer): void {
    if (to.destroyed || to.writableEnded || to.write(bytes)) return;
    full = true;
    flow();
    to.once("drain", () => {
      full = false;
      flow();
    });
  }

  function later(work: () => void): void {
    if (delayMs === 0 && waiting === 0) {
      work();
      return;
    }
    waiting += 1;
    const due = new Promise<void>((resolve) => setTimeout(resolve, delayMs));
    last = Promise.all([last, due]).then(() => {
      waiting -= 1;
      work();
    });
  }

  from.on("error", () => {}); // "close" follows
  from.on("data", (bytes: Buffer) => {
    if (swallowed) return swallowed();
    listener(bytes);
    later(() => write(bytes));
  });
  from.on("end", () => {
    if (!swallowed) later(() => to.end());
  });
  flow();

  return {
    stall() {
      stalled = true;
      flow();
    },
    resume() {
      stalled = false;
      flow();
    },
    delay(ms) {
      delayMs = ms;
    },
    end: () => void to.end(),
    swallow(onBytes) {
      swallowed = onBytes;
    },
    onBytes(next) {
      listener = next;
    },
    destroy: () => void from.destroy(),
  };
}
