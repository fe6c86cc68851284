import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ServersOptions } from "./local-servers.ts";

const run = promisify(execFile);

/** The three servers from docker-compose.yml, on the same ports. Resolves with the superuser's URL. */
export async function startDockerServers({ config, progress, onStarted }: ServersOptions): Promise<string> {
  await progress.step("Docker engine", async () => {
    await run("docker", ["info"]).catch((cause) => {
      const hint = "start Docker, or leave out --docker to run the servers as processes";
      throw new Error(`no Docker engine answers (docker info failed); ${hint}`, { cause });
    });
  });
  const env = { ...process.env };
  for (const [name, value] of Object.entries(config)) env[name] = String(value);
  const compose = (...args: string[]) => run("docker", ["compose", ...args], { env });
  await progress.step("Postgres 18, Kafka 4.3 and Redis in containers", async () => {
    onStarted({
      name: "containers",
      exited: new Promise(() => {}),
      stop: async () => {
        await compose("stop");
      },
    });
    await compose("up", "--detach", "--wait");
  });
  return `postgres://postgres:${config.POSTGRES_PASSWORD}@127.0.0.1:${config.POSTGRES_PORT}/postgres`;
}
