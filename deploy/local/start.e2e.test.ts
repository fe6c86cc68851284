import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { descendantsOf, stillRunning } from "../../test/support/process-tree.ts";
import { assertPortFree } from "./ports.ts";
import { observabilityPorts, serverPorts, servicePorts } from "./ports-free.ts";

// A folder of its own, which is not the repository: no .env is found in it, and no data.
const folder = mkdtempSync(join(tmpdir(), "npm-start-"));
chmodSync(folder, 0o711); // Postgres may run as another user, who has to pass through
const dataFolder = join(folder, "data");
const ports: Record<string, string> = {};

beforeAll(async () => {
  for (const variable of Object.keys({ ...serverPorts, ...servicePorts, ...observabilityPorts }))
    ports[variable] = await ownPort();
});
afterAll(async () => {
  await run("reset.ts").ended;
  await rm(folder, { recursive: true });
});

/** From a range that neither the other tests nor `npm start` itself take ports from. */
async function ownPort(): Promise<string> {
  for (;;) {
    const port = String(randomInt(27_000, 29_000));
    if (Object.values(ports).includes(port)) continue;
    if (await isFree(port)) return port;
  }
}

const isFree = (port: string) =>
  assertPortFree(Number(port), "the test").then(
    () => true,
    () => false,
  );

/** `node deploy/local/<script> <flags>` with ports and data of its own. */
function run(
  script: "start.ts" | "reset.ts" | "token.ts",
  variables: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
) {
  const { PATH, HOME, JAVA_HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...flags], {
    cwd: folder,
    env: { PATH, HOME, JAVA_HOME, TMPDIR, ...ports, DATA_FOLDER: dataFolder, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, ended, output: () => output };
}

/** Starts everything and waits for the summary. What it started ends with the test, however that goes. */
async function startEverything(
  variables: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
) {
  const started = run("start.ts", variables, flags);
  onTestFinished(async () => {
    started.child.kill("SIGKILL");
    await started.ended;
  });
  await eventually(
    () => {
      if (started.child.exitCode !== null) return; // the expectation below shows why
      expect(started.output()).toContain("Everything runs.");
    },
    { timeoutMs: 45_000 },
  );
  expect(started.output()).toContain("Everything runs.");
  const address = (name: string) => new RegExp(`^  ${name} +(\\S+)`, "m").exec(started.output())?.[1] ?? "";
  const processes = descendantsOf(started.child.pid ?? 0);
  const commands = processes.map(({ command }) => command).join("\n");
  for (const part of [
    "postgres",
    "kafka.Kafka",
    "redis-server",
    "api/main",
    "relay/main",
    "projector/main",
  ]) {
    expect(commands).toContain(part);
  }
  return { ...started, processes, orders: address("REST"), redis: address("Redis"), address };
}

async function expectNothingLeft(processes: Parameters<typeof stillRunning>[0]): Promise<void> {
  expect(stillRunning(processes)).toEqual([]);
  for (const port of Object.values(ports)) expect([port, await isFree(port)]).toEqual([port, true]);
}

async function readModel(redisUrl: string, orderId: string): Promise<Record<string, string>> {
  const redis = new Redis(redisUrl);
  try {
    return await eventually(async () => {
      const view = await redis.hgetall(`order:{${orderId}}`);
      expect(view).toMatchObject({ version: "1", status: "created" });
      return view;
    });
  } finally {
    redis.disconnect();
  }
}

let orderId: string;

test("one command starts everything; an order gets from REST to the read model; Ctrl-C ends all of it", async () => {
  const everything = await startEverything({}, ["--observability"]);
  expect(everything.output()).toContain("AUTH=off: whoever reaches the API may read and change every order");
  const response = await fetch(everything.orders, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      customerId: "c-1",
      pickupPointId: "p-7",
      currency: "EUR",
      lines: [{ sku: "book", quantity: "1", unitPriceMinor: "1990" }],
    }),
  });
  expect(response.status).toBe(201);
  orderId = ((await response.json()) as { id: string }).id;
  await readModel(everything.redis, orderId);
  expect((await fetch(everything.address("Prometheus"))).status).toBe(200);

  const second = run("start.ts", {}, ["--observability"]);
  expect(await second.ended).toBe(1);
  for (const port of Object.values(ports)) expect(second.output()).toContain(`  ${port} for `);
  const reset = run("reset.ts");
  expect(await reset.ended).toBe(1);
  expect(reset.output()).toContain("nothing was removed");

  // Under npm one Ctrl-C arrives twice: from the terminal, and passed on by npm.
  everything.child.kill("SIGINT");
  await eventually(() => expect(everything.output()).toContain("stopping"), { intervalMs: 1 });
  everything.child.kill("SIGINT");
  expect(await everything.ended).toBe(0);
  expect(everything.output()).toMatch(/everything is stopped\n$/);
  await expectNothingLeft(everything.processes);
}, 60_000);

test("started again, with tokens asked for, it finds its data; a service that dies ends everything, by name; a reset removes the data", async () => {
  const everything = await startEverything({ AUTH: "jwt" });
  const order = `${everything.orders}/${orderId}`;
  expect((await fetch(order)).status).toBe(401);
  const token = run("token.ts");
  expect(await token.ended).toBe(0);
  const headers = { authorization: `Bearer ${token.output().trim()}` };
  expect((await fetch(order, { headers })).status).toBe(200);
  await readModel(everything.redis, orderId);

  const relay = everything.processes.find(({ command }) => command.includes("relay/main.ts"));
  process.kill(relay?.pid ?? 0, "SIGKILL");
  expect(await everything.ended).toBe(1);
  expect(everything.output()).toContain("relay has ended by itself (SIGKILL): stopping everything");
  await expectNothingLeft(everything.processes);

  const reset = run("reset.ts");
  expect(await reset.ended).toBe(0);
  expect(reset.output()).toBe(`removed ${dataFolder}\n`);
  expect(existsSync(dataFolder)).toBe(false);
}, 60_000);

test("called off while it starts it leaves nothing behind", async () => {
  const started = run("start.ts");
  await eventually(() => expect(started.output()).toContain("Kafka"), { timeoutMs: 20_000 });
  const processes = descendantsOf(started.child.pid ?? 0);
  started.child.kill("SIGTERM");
  expect(await started.ended).toBe(0);
  await expectNothingLeft(processes);
});

test("wrong configuration is told all at once, and nothing is started", async () => {
  const started = run("start.ts", { API_PORT: "http", REDIS_PORT: "0", POSTGRES_PASSWORD: "pa'ss" });
  expect(await started.ended).toBe(2);
  for (const variable of ["API_PORT", "REDIS_PORT", "POSTGRES_PASSWORD"]) {
    expect(started.output()).toContain(`${variable}: must be`);
  }
  expect(started.output()).not.toContain("pa'ss");
});
