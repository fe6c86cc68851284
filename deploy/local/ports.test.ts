import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
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
