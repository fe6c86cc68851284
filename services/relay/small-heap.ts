import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Has V8 keep its heap small, at the cost of collecting more often. Nearly everything here dies young and in the same order: a young
 * generation that grows, and buffers that other threads free into heaps of their own, only cost memory; and so does an old
 * generation that may grow to a multiple before it is looked at.
 */
export function keepHeapSmall(): void {
  for (const flag of [
    "semi-space-growth-factor=1",
    "heap-growing-percent=15",
    "no-parallel-scavenge",
    "no-concurrent-array-buffer-sweeping",
  ])
    setFlagsFromString(`--${flag}`);
}

type CollectGarbage = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/**
 * Gives back what loading the modules has left behind, 7 to 10 MB in some 50 ms. V8 would keep it, and would let the heap
 * grow by a multiple of it, until it collects by itself.
 */
export function giveBackHeap(): void {
  setFlagsFromString("--expose-gc");
  const collectGarbage: CollectGarbage = runInNewContext("gc");
  collectGarbage({ type: "major", execution: "sync", flavor: "last-resort" });
}
