import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { asSuperuser, withDatabase } from "../test/support/database.ts";
import { eventually } from "../test/support/eventually.ts";
import { kafkaBrokers, uniqueTopic } from "../test/support/kafka.ts";
import { openPostgres } from "../test/support/own-servers.ts";
import { placeOrder } from "../test/support/place-order.ts";
import { redisUrl, uniquePrefix } from "../test/support/redis.ts";
import { spawnService } from "../test/support/service-process.ts";
import { type ComposeService, readCompose } from "./testing/compose-file.ts";

// No engine is needed: what docker-compose.yml says of our own containers is done by processes, on servers that run anyway. Names of
// the containers' network become addresses on the loopback, and mounted secrets files that the script of the repository has made.

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

test("the one-shots of docker-compose.yml prepare an empty server, and its services then bring an order from the API to Redis, each in its own role", {
  timeout: 120_000,
}, async () => {
  const { services } = readCompose();
  const [topic, prefix] = [uniqueTopic("orders-events"), uniquePrefix()];
  const secrets = await mkdtemp(join(tmpdir(), "compose-secrets-"));
  stack.defer(() => rm(secrets, { recursive: true }));
  await run("sh", [join(root, "deploy/compose/make-secrets.sh"), secrets]);
  const postgres = await openPostgres();
  stack.defer(() => postgres.dispose());
  const password = await readFile(join(secrets, "postgres_password"), "utf8");
  await asSuperuser(postgres.url, async (client) => {
    await client.query("create database orders");
    await client.query(`alter role postgres password '${password}'`);
  });
  await leadSecretsTo(secrets, new URL(postgres.url).host);

  const own: Readonly<Record<string, Record<string, string>>> = {
    api: { API_PORT: "0", API_GRPC_PORT: "0", API_KEY_PREFIX: prefix },
    relay: { RELAY_TOPICS: `order=${topic}` },
    projector: {
      PROJECTOR_TOPIC: topic,
      PROJECTOR_DLQ_TOPIC: `${topic}.dlq`,
      PROJECTOR_GROUP: topic,
      PROJECTOR_KEY_PREFIX: prefix,
    },
  };
  const environmentOf = (name: string) => ({
    ...environmentHere(services[name] as ComposeService, secrets),
    ...own[name],
  });

  for (const name of ["roles", "migrations", "rights"]) {
    const [script = ""] = services[name]?.command ?? [];
    await run(process.execPath, [join(root, script)], {
      env: { PATH: process.env.PATH, ...environmentOf(name) },
    });
  }
  const started = await Promise.all(
    (["api", "relay", "projector"] as const).map(async (name) => {
      expect(services[name]?.command).toEqual([`services/${name}/main.ts`]);
      const process = spawnService(name, { ...environmentOf(name), OPS_PORT: "0" });
      stack.defer(() => process.end("SIGTERM").then((code) => expect([name, code]).toEqual([name, 0])));
      const ports = await process.started();
      await eventually(
        async () => {
          const ready = await fetch(`http://127.0.0.1:${ports.opsPort}/readyz`);
          expect([name, ready.status, await ready.text()]).toEqual([name, 200, expect.anything()]);
        },
        { timeoutMs: 40_000 },
      );
      return ports;
    }),
  );

  const id = await placeOrder(`http://127.0.0.1:${started[0]?.httpPort}`);
  const redis = new Redis(redisUrl());
  stack.defer(() => redis.disconnect());
  await eventually(async () => expect(await redis.hget(`${prefix}order:{${id}}`, "status")).toBe("created"), {
    timeoutMs: 40_000,
  });
  const superuser = withDatabase(await readFile(join(secrets, "superuser_database_url"), "utf8"), "orders");
  await asSuperuser(superuser, async (client) => {
    const { rows } = await client.query(
      `select distinct usename from pg_stat_activity where datname = 'orders' and pid <> pg_backend_pid() order by 1`,
    );
    expect(rows.map(({ usename }) => usename)).toEqual(["orders_api", "outbox_relay"]);
    const owners = await client.query(
      "select distinct tableowner from pg_tables where schemaname = 'public'",
    );
    expect(owners.rows).toEqual([{ tableowner: "orders_owner" }]);
  });
});

test("a second run of the script leaves the secrets as they are", async () => {
  const secrets = await mkdtemp(join(tmpdir(), "compose-secrets-"));
  stack.defer(() => rm(secrets, { recursive: true }));
  const script = join(root, "deploy/compose/make-secrets.sh");
  const read = async () => {
    await run("sh", [script, secrets]);
    const names = await readdir(secrets);
    return Promise.all(names.map(async (name) => [name, await readFile(join(secrets, name), "utf8")]));
  };
  const first = await read();
  expect(await read()).toEqual(first);
  expect(first.map(([name]) => name).toSorted()).toEqual(
    Object.keys(readCompose().document.secrets).toSorted(),
  );
});

/** With each variable's default; addresses and files are those of this machine. */
function environmentHere({ environment = {} }: ComposeService, secrets: string): Record<string, string> {
  const here = Object.entries(environment).map(([name, value]) => [
    name,
    value
      .replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1")
      .replace("/run/secrets", secrets)
      .replace("kafka:9092", kafkaBrokers().join())
      .replace("redis://redis:6379", redisUrl()),
  ]);
  return Object.fromEntries(here);
}

async function leadSecretsTo(folder: string, host: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const text = await readFile(file, "utf8");
    if (!text.includes("@postgres:5432/")) continue;
    await rm(file);
    await writeFile(file, text.replace("@postgres:5432/", `@${host}/`));
  }
}
