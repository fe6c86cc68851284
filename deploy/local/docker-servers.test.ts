import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadConfig } from "../../services/platform/config.ts";
import { removeDockerServers, startDockerServers } from "./docker-servers.ts";
import { type LocalConfig, localConfigSchema } from "./local-config.ts";
import type { RunningServer } from "./running-servers.ts";

const given = { KAFKA_PORT: "29999", POSTGRES_PASSWORD: "other" };
const progress = { step: <T>(_: string, run: (log: () => void) => Promise<T>) => run(() => {}) };
let folder: string;
let config: LocalConfig;

/** Puts a `docker` on the path that notes how it was called and does as the script says. */
async function standInDocker(script: string): Promise<void> {
  const calls = join(folder, "calls");
  const docker = `#!/bin/sh\necho "$KAFKA_PORT $(cat "$SECRETS_FOLDER/postgres_password" 2>/dev/null): $*" >> ${calls}\n${script}\n`;
  await writeFile(join(folder, "docker"), docker);
  await chmod(join(folder, "docker"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
}

const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");

async function start(): Promise<{ url: string; started: RunningServer[] }> {
  const started: RunningServer[] = [];
  const { signal } = new AbortController();
  const onStarted = (server: RunningServer) => void started.push(server);
  const url = await startDockerServers({ config, progress, signal, onStarted });
  return { url, started };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "docker-stand-in-"));
  config = loadConfig(localConfigSchema, { ...given, DATA_FOLDER: join(folder, "data") });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("the containers come up healthy on the chosen ports, and go when they are stopped, without their data", async () => {
  await standInDocker("exit 0");
  const { url, started } = await start();
  expect(url).toBe("postgres://postgres:other@127.0.0.1:54329/postgres");
  for (const server of started) await server.stop();
  const compose = (await calls()).filter((call) => call.includes("compose --project-name"));
  expect(compose).toEqual([
    "29999 other: compose --project-name outbox-orders-servers --progress quiet up --detach --wait --quiet-pull postgres kafka redis",
    "29999 other: compose --project-name outbox-orders-servers --progress quiet down",
  ]);
});

test("without an engine it is said what to do", async () => {
  await standInDocker("exit 1");
  await expect(start()).rejects.toThrow(
    "no Docker engine answers (docker info failed); start Docker, or leave out --docker",
  );
});

test("what docker compose complains of is shown", async () => {
  await standInDocker(`case "$*" in *" up "*) echo 'Bind for 127.0.0.1:29999 failed' >&2; exit 1;; esac`);
  await expect(start()).rejects.toThrow("docker compose up failed: Bind for 127.0.0.1:29999 failed");
});

test("a reset removes the volumes as well", async () => {
  await standInDocker("exit 0");
  await removeDockerServers(config);
  expect((await calls()).at(-1)).toContain("down --volumes");
});
