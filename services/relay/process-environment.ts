/**
 * What the relay's process is to be started with, wherever it runs, besides its configuration: nearly all that it allocates dies young, so
 * a large young generation only costs memory; and glibc gives back what was in a mapping of its own. What can be set later
 * is in small-heap.ts.
 */
export const relayProcessEnvironment = {
  NODE_OPTIONS: "--max-semi-space-size=2",
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "65536",
} as const;
