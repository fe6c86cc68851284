import { runProgram } from "../../deploy/local/run-program.ts";

export interface Load {
  readonly url: string;
  /** What is posted, the same each time. */
  readonly bodyFile: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly http: "1.1" | "2";
  readonly connections: number;
  /** Requests in flight on each connection; more than one is for HTTP/2. */
  readonly streams: number;
  readonly requests: number;
  readonly signal: AbortSignal;
}

/**
 * Requests per second of h2load, which comes with the HTTP/2 library that Node has built in and takes little from the processors that
 * it shares: 9 µs a request over HTTP/1.1 and 5 over HTTP/2. wrk (8 µs) and autocannon (16 µs) have no HTTP/2.
 * @throws Error when a request was not answered with 2xx.
 */
export async function requestsPerSecond(load: Load): Promise<number> {
  const { stdout } = await runProgram(
    "h2load",
    [
      `--requests=${load.requests}`,
      `--clients=${load.connections}`,
      `--max-concurrent-streams=${load.streams}`,
      `--no-tls-proto=${load.http === "2" ? "h2c" : "http/1.1"}`,
      `--data=${load.bodyFile}`,
      ...Object.entries(load.headers).map(([name, value]) => `--header=${name}: ${value}`),
      load.url,
    ],
    { signal: load.signal },
  );
  const succeeded = Number(/^status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx$/m.exec(stdout)?.[1]);
  const perSecond = Number(/^finished in \S+, (\S+) req\/s/m.exec(stdout)?.[1]);
  if (succeeded !== load.requests || !(perSecond > 0)) throw new Error(`requests failed:\n${stdout}`);
  return perSecond;
}
