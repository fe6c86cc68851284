/**
 * Calls `stop` once, at the first Ctrl-C or signal, and `force` when somebody asks again. Under npm one Ctrl-C arrives twice,
 * from the terminal and from npm, which passes it on: a repetition within a moment is the same request.
 */
export function onStopRequest({ stop, force }: { stop: () => void; force: () => void }): void {
  const momentMs = 1_000;
  let first: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (first === undefined) {
        first = performance.now();
        stop();
      } else if (performance.now() - first > momentMs) {
        force();
      }
    });
  }
  // A terminal that was closed takes no more output, which must not keep the servers from being stopped.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
}
