import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { assertPortFree, freePort } from "./ports.ts";

test("a port in use is an error that names the port and who wanted it", async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await expect(assertPortFree(port, "Kafka")).rejects.toThrow(`port ${port} for Kafka is in use`);
});

test("a free port can be listened on", async () => {
  const port = await freePort();
  await assertPortFree(port, "a test");
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  server.close();
});

test("no port is given to two processes that live, also where the first one has stopped listening", async () => {
  const program = `
    const { freePort } = await import(${JSON.stringify(new URL("./ports.ts", import.meta.url).href)});
    const ports = await Promise.all(Array.from({ length: 300 }, freePort));
    process.stdout.write(ports.join() + "\\n");
    process.stdin.resume();`;
  const run = promisify(execFile);
  const processes = Array.from({ length: 4 }, () =>
    run(process.execPath, ["--input-type=module", "--eval", program]),
  );
  const told = processes.map(({ child }) => once(child.stdout as NodeJS.ReadableStream, "data"));
  await Promise.all(told); // each holds its own until all have them
  for (const { child } of processes) child.stdin?.end();
  const ports = (await Promise.all(processes)).flatMap(({ stdout }) => stdout.trim().split(","));
  expect(ports).toHaveLength(1_200);
  expect(new Set(ports).size).toBe(1_200);
});
