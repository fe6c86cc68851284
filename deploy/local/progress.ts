import { styleText } from "node:util";

/** Shows steps as they begin and end: one line each, and on a terminal a last line with what is being waited for. */
export interface Progress {
  /** Runs a step and shows it; the string that it returns is shown beside its name. */
  step<T>(
    name: string,
    run: (log: (line: string) => void) => Promise<T>,
    detail?: (result: T) => string,
  ): Promise<T>;
}

export function createProgress(out: NodeJS.WriteStream): Progress {
  const waitingFor = new Map<string, number>();
  let ticker: NodeJS.Timeout | undefined;

  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream: out });
  const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

  function drawWaiting(): void {
    if (!out.isTTY) return;
    const names = Array.from(waitingFor, ([name, since]) => `${name} (${seconds(since)})`);
    out.write(`\r\x1b[K${names.length > 0 ? style("dim", `… ${names.join(", ")}`) : ""}`);
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
        line(`${style("red", "✗")} ${name}`);
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
