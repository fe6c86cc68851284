import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertRow } from "../services/relay/testing/outbox-rows.ts";
import { setTopic } from "../services/relay/testing/topic-settings.ts";
import { makeCertificate, temporaryFolder } from "./support/certificates.ts";
import { eventually } from "./support/eventually.ts";
import { kafkaBrokers, readTopic } from "./support/kafka.ts";
import { type OrderSystem, startOrderSystem } from "./support/order-system.ts";
import { startOwnDatabase } from "./support/own-database.ts";
import { redisUrl } from "./support/redis.ts";
import { type RunbookCommand, readRunbookCommands } from "./support/runbook-commands.ts";

// Whoever is paged types what a page says. Here each command of each page is typed on a running system, in the page's order.
const root = join(import.meta.dirname, "..");
const folder = join(root, "docs", "runbooks");
const pages = (await readdir(folder)).filter((file) => file.endsWith(".md"));

/** Of the machine's own, which a container has not. */
const NOT_HERE = /^(timedatectl|chronyc|export) /;
/** What asks a person first; nobody is at the keyboard here. */
const ASKS = /^npx outbox (slot drop|dead-letters discard)/;
/** 1 says that something is not as it should be, which is what they are there to say. */
const JUDGES = /^npx outbox (status|doctor)/;
/** Ends when it is told to. */
const ENDLESS = /^npx outbox watch/;

let system: OrderSystem;
let bin: string;
let keys: Server;
let owner: pg.Pool;
let spare: pg.Client;
let environment: Record<string, string>;
let orderId: string;

beforeAll(async () => {
  const { certFile, keyFile } = await makeCertificate(await temporaryFolder(afterAll), "api");
  system = await startOrderSystem({
    variables: { api: { API_TLS_CERT_FILE: certFile, API_TLS_KEY_FILE: keyFile } },
    async createDatabase() {
      const own = await startOwnDatabase();
      return { ...own, drop: own.dispose };
    },
  });
  const { database, topic, processes } = system;
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  spare = new pg.Client({ connectionString: database.relayUrl });
  spare.on("error", () => {}); // a page ends it
  await spare.connect();
  bin = await mkdtemp(join(tmpdir(), "runbooks-"));
  const npx = `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, "services/relay/cli.ts")}" "$@"\n`;
  await writeFile(join(bin, "npx"), npx);
  await chmod(join(bin, "npx"), 0o755);
  keys = createServer((_, response) => void response.end('{"keys":[]}')).listen(0, "127.0.0.1");
  await once(keys, "listening");
  const ops = async (name: keyof typeof processes) =>
    `http://127.0.0.1:${(await processes[name].started()).opsPort}`;
  environment = {
    PATH: `${bin}:${process.env.PATH}`,
    DATABASE_URL: database.relayUrl,
    KAFKA_BROKERS: kafkaBrokers().join(),
    REDIS_URL: redisUrl(),
    RELAY_SLOT: `${database.name}_slot`,
    RELAY_TOPICS: `order=${topic}`,
    PROJECTOR_DLQ_TOPIC: `${topic}.dlq`,
    RELAY_OPS: await ops("relay"),
    API_OPS: await ops("api"),
    PROJECTOR_OPS: await ops("projector"),
    API_TLS_CERT_FILE: certFile,
    AUTH_JWKS_URL: `http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`,
  };
  orderId = randomUUID();
  await insertRow(owner, { aggregateId: orderId });
  await readTopic(topic, { count: 1 });
});

afterAll(async () => {
  await spare?.end().catch(() => {});
  await owner?.end();
  await system?.stop();
  keys?.close();
  if (bin) await rm(bin, { recursive: true });
});

/** An event that the broker refuses now, and would take later. */
async function makeLetter(): Promise<string> {
  await setTopic(system.topic, { "max.message.bytes": "2000" });
  const id = await insertRow(owner, { payload: JSON.stringify({ pad: "x".repeat(5_000) }) });
  await eventually(
    async () => {
      const { rows } = await owner.query("select id from outbox_dead_letter where id = $1", [id]);
      expect(rows).toHaveLength(1);
    },
    { timeoutMs: 30_000 },
  );
  await setTopic(system.topic, {});
  return id;
}

/** What a page leaves open: which event, which order, which session. */
async function filledIn(text: string): Promise<string> {
  const { rows } = await owner.query("select pid from pg_stat_activity where pid = $1", [
    (spare as unknown as { processID: number }).processID,
  ]);
  const eventId = text.includes("<event id>") ? await makeLetter() : "";
  return text
    .replaceAll("<event id>", eventId)
    .replaceAll("<order id>", orderId)
    .replaceAll("<pid>", String(rows[0]?.pid ?? 0))
    .replaceAll("<instance>", (environment.RELAY_OPS ?? "").replace("http://", ""))
    .replaceAll("'…'", "'20GB'");
}

interface Result {
  readonly code: number;
  readonly output: string;
}

function type(text: string): Promise<Result> {
  return new Promise((resolve) => {
    execFile("bash", ["-o", "pipefail", "-c", text], { env: environment }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
}

async function run(command: RunbookCommand): Promise<void> {
  const text = await filledIn(command.text);
  if (command.language === "sql") {
    const client = new pg.Client(command.onlyLooks ? environment.DATABASE_URL : system.database.ownerUrl);
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
    return;
  }
  if (text.includes("slot drop")) await type("npx outbox pause");
  const typed = ASKS.test(text) ? `${text} --yes` : text;
  const { code, output } = await type(
    ENDLESS.test(text) ? `timeout --preserve-status --signal=INT 3 ${text}` : typed,
  );
  if (text.includes("slot drop")) await type("npx outbox resume");
  expect([code, output], `${typed}\n${output}`).toEqual([
    JUDGES.test(text) ? expect.toBeOneOf([0, 1]) : 0,
    expect.stringMatching(/\S/),
  ]);
}

describe.each(pages)("%s", (page) => {
  test("each command does what it is there for", { timeout: 120_000 }, async () => {
    const commands = readRunbookCommands(await readFile(join(folder, page), "utf8"));
    for (const command of commands) if (!NOT_HERE.test(command.text)) await run(command);
  });
});

test("after all of it the system does its work", { timeout: 60_000 }, async () => {
  await type("npx outbox resume; npx outbox mode default");
  const id = await insertRow(owner);
  await eventually(
    async () => {
      const { rows } = await owner.query("select status from outbox_status where id = $1", [id]);
      expect(rows).toEqual([{ status: "processed" }]);
    },
    { timeoutMs: 40_000 },
  );
});
