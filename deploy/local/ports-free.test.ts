import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../services/platform/config.ts";
import { type LocalConfig, localConfigSchema } from "./local-config.ts";
import { freePort } from "./ports.ts";
import { assertPortsFree, observabilityPorts, serverPorts, servicePorts } from "./ports-free.ts";

const all = { ...serverPorts, ...servicePorts, ...observabilityPorts };
type PortVariable = keyof typeof all;
const variables = Object.keys(all) as PortVariable[];

async function portInUse(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A configuration whose ports are free but for those given. */
async function withPorts(ports: Partial<Record<PortVariable, number>>): Promise<LocalConfig> {
  const free = new Set<number>();
  while (free.size < variables.length) free.add(await freePort());
  const chosen = Object.fromEntries(
    variables.map((variable, i) => [variable, String(ports[variable] ?? [...free][i])]),
  );
  return loadConfig(localConfigSchema, chosen);
}

test("every port that npm start listens on is among those that are checked", () => {
  const ofConfig = Object.keys(localConfigSchema.shape).filter((name) => name.endsWith("_PORT"));
  expect(variables.toSorted()).toEqual(ofConfig.toSorted());
});

test("free ports are fine", async () => {
  await assertPortsFree(await withPorts({}), all);
});

test("each port in use is named, with what it is for and the variable that changes it", async () => {
  const ports = Object.fromEntries(
    await Promise.all(variables.map(async (name) => [name, await portInUse()])),
  );
  const check = assertPortsFree(await withPorts(ports), all);
  const error = await check.then(
    () => undefined,
    (reason: Error) => reason,
  );
  for (const [variable, name] of Object.entries(all)) {
    expect(error?.message).toContain(`  ${ports[variable]} for ${name} (set ${variable})\n`);
  }
});

test("a port wanted twice is named", async () => {
  const port = await freePort();
  const config = await withPorts({ KAFKA_PORT: port, API_PORT: port });
  await expect(assertPortsFree(config, all)).rejects.toThrow(
    `${port} for the API, which Kafka has already (set API_PORT)`,
  );
});

test("ports that are not needed may be in use", async () => {
  await assertPortsFree(await withPorts({ API_PORT: await portInUse() }), serverPorts);
});
