import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { dataIn } from "./data-folder.ts";
import type { LocalConfig } from "./local-config.ts";
import type { ServersOptions } from "./local-servers.ts";
import { runProgram } from "./run-program.ts";

const SERVERS = ["postgres", "kafka", "redis"];
/** Another one than that of the whole system in containers, whose data has other passwords. */
const PROJECT = "outbox-orders-servers";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The three servers from docker-compose.yml, on the same ports. Resolves with the superuser's URL. */
export async function startDockerServers(options: ServersOptions): Promise<string> {
  const { config, progress, signal, onStarted } = options;
  await progress.step("Docker engine", assertDockerAnswers);
  await progress.step("Postgres 18, Kafka 4.3 and Redis in containers", async () => {
    // Before they are up: also what has been started of them is to be stopped.
    onStarted({
      name: "the containers",
      exited: new Promise(() => {}),
      stop: () => compose(config, ["down"]),
    });
    await writeSecret(config);
    await compose(config, ["up", "--detach", "--wait", "--quiet-pull", ...SERVERS], signal);
  });
  return `postgres://postgres:${config.POSTGRES_PASSWORD}@127.0.0.1:${config.POSTGRES_PORT}/postgres`;
}

/** Removes the containers and their data. */
export async function removeDockerServers(config: LocalConfig): Promise<void> {
  await assertDockerAnswers();
  await compose(config, ["down", "--volumes"]);
}

async function writeSecret({ DATA_FOLDER, POSTGRES_PASSWORD }: LocalConfig): Promise<void> {
  const { secrets } = dataIn(DATA_FOLDER);
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  const file = join(secrets, "postgres_password");
  await writeFile(file, POSTGRES_PASSWORD);
  await chmod(file, 0o644); // the server in the container is another user
}

async function assertDockerAnswers(): Promise<void> {
  await runProgram("docker", ["info"]).catch((cause) => {
    const hint = "start Docker, or leave out --docker and the servers run as processes";
    throw new Error(`no Docker engine answers (docker info failed); ${hint}`, { cause });
  });
  await runProgram("docker", ["compose", "version"]).catch((cause) => {
    throw new Error("docker has no compose plugin (docker compose version failed)", { cause });
  });
}

async function compose(
  config: LocalConfig,
  [command, ...args]: readonly [string, ...string[]],
  signal?: AbortSignal,
): Promise<void> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    SECRETS_FOLDER: resolve(dataIn(config.DATA_FOLDER).secrets),
  };
  for (const [name, value] of Object.entries(config)) env[name] = String(value);
  try {
    await runProgram(
      "docker",
      ["compose", "--project-name", PROJECT, "--progress", "quiet", command, ...args],
      {
        cwd: root,
        env,
        signal,
      },
    );
  } catch (cause) {
    const { stderr = "" } = cause as { stderr?: string };
    throw new Error(`docker compose ${command} failed: ${stderr.trim()}`, { cause });
  }
}
