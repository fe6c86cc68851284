import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { kafkaBrokers, uniqueTopic } from "../../test/support/kafka.ts";
import { startTcpProxy } from "../../test/support/tcp-proxy.ts";
import { runRelayCli } from "./testing/running-cli.ts";
import { problemsIn } from "./testing/running-doctor.ts";
import { isReady, type RelayUnderTest, startRelay } from "./testing/running-relay.ts";

let database: TestDatabase;
let relay: RelayUnderTest | undefined;
let variables: Record<string, string>;

beforeEach(async () => {
  database = await createTestDatabase();
  const [slot, topic] = [`${database.name}_slot`, uniqueTopic("status")];
  variables = {
    DATABASE_URL: database.relayUrl,
    RELAY_NAME: slot,
    RELAY_SLOT: slot,
    RELAY_TOPICS: `order=${topic}`,
    KAFKA_BROKERS: kafkaBrokers().join(","),
  };
  relay = await startRelay({ databaseUrl: database.relayUrl, slot, topic });
  await isReady(relay);
});

afterEach(async () => {
  await relay?.stop();
  await database.drop();
});

async function stopRelay(): Promise<void> {
  await relay?.stop();
  relay = undefined;
}

test("status exits with 0 while a relay leads and all is published, and with 1, saying why, when none leads", async () => {
  // It is ready a moment before it has written down how it reads.
  await eventually(async () => {
    const fine = await runRelayCli(["status"], variables);
    expect(fine).toMatchObject({ exitCode: 0, stderr: "" });
    expect(fine.stdout).toMatch(/FINE {2}All is published: nothing waits\.\n/);
    expect(fine.stdout).toMatch(/Mode +cdc .*\nLeader +\S+ \d+ /);
  });
  await stopRelay();
  const stopped = await runRelayCli(["status", "--json"], variables);
  expect(stopped.exitCode).toBe(1);
  expect(JSON.parse(stopped.stdout)).toMatchObject({ status: "stopped", figures: { replicas: [] } });
});

test("the doctor finds nothing wrong with a relay that streams, but that the broker is a single one", async () => {
  const run = await runRelayCli(["doctor", "--json"], variables);
  const { findings } = JSON.parse(run.stdout);
  expect(problemsIn(findings)).toEqual([
    expect.objectContaining({ check: "replication factor", status: "warning" }),
  ]);
  expect(run.exitCode).toBe(0);
  const reader = findings.find(({ check }: { check: string }) => check === "slot reader");
  expect(reader.found).toMatch(/^PID \d+ \(outbox-relay .*\) streams from it$/);
});

test("the doctor tells of the slot that nobody reads once the relay is stopped", async () => {
  await stopRelay();
  const run = await runRelayCli(["doctor", "--problems"], variables);
  expect(run.exitCode).toBe(0);
  expect(run.stdout).toMatch(/warning {2}slot reader .*no relay .* is connected/);
  expect(run.stdout).toMatch(/warning {2}relay .*nothing is published/);
});

test("the doctor of a database that does not answer fails, and tells of Kafka all the same", async () => {
  const run = await runRelayCli(["doctor"], {
    ...variables,
    DATABASE_URL: "postgres://u:s3cret@127.0.0.1:1/d",
  });
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toMatch(/failed {3}connection .*ECONNREFUSED/);
  expect(run.stdout).toMatch(/ok {7}brokers /);
  expect(run.stdout).not.toContain("s3cret");
});

test("watch goes on while the database cannot be reached, says so, and is fine again after; Ctrl-C ends it with 0", async () => {
  const url = new URL(database.relayUrl);
  const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  onTestFinished(() => proxy.close());
  url.port = String(proxy.port);
  const cli = fileURLToPath(new URL("cli.ts", import.meta.url));
  const child = spawn(process.execPath, [cli, "watch", "--interval", "1", "--json"], {
    env: { PATH: process.env.PATH, ...variables, DATABASE_URL: url.href },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const seen: string[] = [];
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const { status, summary, figures } = JSON.parse(line);
    expect(figures?.epoch).toBe("1");
    if (seen.at(-1) !== status) seen.push(status);
    if (seen.length === 1) proxy.cut();
    if (seen.length === 2) {
      expect(summary).toMatch(/^Postgres has told nothing for /);
      proxy.restore();
    }
    if (seen.length === 3) break;
  }
  expect(seen).toEqual(["fine", "degraded", "fine"]);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});
