import { styleText } from "node:util";

/** Shows steps as they begin and end: one line each, and on a terminal a last line with what is being waited for. */
export interface Progress {
  /** Runs a step and shows it; the string that `detail` returns is shown beside its name. */
  step<T>(
    name: string,
    run: (log: (line: string) => void) => Promise<T>,
    detail?: (result: T) => string,
  ): Promise<T>;
}

/** After the signal has aborted, what is being waited for and what fails is not shown: it was called off. */
export function createProgress(out: NodeJS.WriteStream, signal: AbortSignal): Progress {
  const waitingFor = new Map<string, number>();
  let ticker: NodeJS.Timeout | undefined;

  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream: out });
  const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

  function drawWaiting(): void {
    if (!out.isTTY) return;
    if (signal.aborted) waitingFor.clear();
    const names = Array.from(waitingFor, ([name, since]) => `${name} (${seconds(since)})`);
    // No longer than the terminal is wide: a line that wraps could not be taken back.
    const text = `… ${names.join(", ")}`.slice(0, (out.columns || 80) - 1);
    out.write(`\r\x1b[K${names.length > 0 ? style("dim", text) : ""}`);
  }

  function line(text: string): void {
    if (out.isTTY) out.write("\r\x1b[K");
    out.write(`${text}\n`);
    drawWaiting();
  }

  return {
    async step(name, run, detail) {
      const since = performance.now();
      waitingFor.set(name, since);
      if (out.isTTY) ticker ??= setInterval(drawWaiting, 100);
      else line(`… ${name}`);
      try {
        const result = await run((text) => line(style("dim", `  ${name}: ${text}`)));
        waitingFor.delete(name);
        const extra = detail ? ` ${detail(result)}` : "";
        line(`${style("green", "✓")} ${name}${extra} ${style("dim", `(${seconds(since)})`)}`);
        return result;
      } catch (error) {
        waitingFor.delete(name);
        if (!signal.aborted) line(`${style("red", "✗")} ${name}`);
        throw error;
      } finally {
        if (waitingFor.size === 0) {
          clearInterval(ticker);
          ticker = undefined;
        }
      }
    },
  };
}
