/** Asks the ops server of this container's service for a path, /readyz unless another is given; exit code 1 when it is not well. */
const url = `http://127.0.0.1:${process.env.OPS_PORT}${process.argv[2] ?? "/readyz"}`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_500) });
  console.log(`${url}: ${response.status} ${await response.text()}`);
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.error(`${url}: ${error instanceof Error ? (error.cause ?? error) : error}`);
  process.exitCode = 1;
}
