import { randomBytes } from "node:crypto";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "./child-process.ts";
import { findJava } from "./java.ts";
import { kafkaLibraries } from "./kafka-libraries.ts";
import { probeKafka } from "./kafka-probe.ts";
import { assertPortFree, freePort } from "./ports.ts";
import { untilReady } from "./readiness.ts";
import { runProgram } from "./run-program.ts";

export interface KafkaOptions {
  /** Made when missing; a second start finds the same topics. */
  readonly dataDir: string;
  /** 0 chooses a free one. The controller always gets a free one of its own. */
  readonly port: number;
  readonly log: (line: string) => void;
  /** More settings, as in server.properties. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where clients log in over TLS, beside the plain listener; the settings of it (`listener.name.secure.…`) are the caller's. */
  readonly secureListener?: { readonly host: string; readonly port: number };
  /** Users that can log in with SCRAM-SHA-512, and their passwords; made with the data directory. */
  readonly users?: Readonly<Record<string, string>>;
  /** Calls the start off: it then rejects, with nothing left running. */
  readonly signal?: AbortSignal;
}

export interface RunningKafka {
  readonly port: number;
  readonly pid: number;
  /** "127.0.0.1:<port>" */
  readonly brokers: string;
  /** Settles when the broker has ended, for whatever reason, with how. */
  readonly exited: Promise<string>;
  /** SIGKILL is a crash: the next start on the data directory recovers. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

const log4j2 = fileURLToPath(new URL("kafka/log4j2.yaml", import.meta.url));

/** Apache Kafka, one KRaft node on 127.0.0.1. Throws when the port is in use, or Java or Maven is missing. */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const port = options.port === 0 ? await freePort() : options.port;
  await assertPortFree(port, "Kafka");
  const java = await findJava();
  const { signal } = options;
  const classPath = join(await kafkaLibraries(options.log, signal), "*");

  const dataDir = resolve(options.dataDir);
  const logDir = join(dataDir, "logs");
  const properties = join(dataDir, "server.properties");
  await mkdir(dataDir, { recursive: true });
  const settings = {
    ...settingsFor({ port, controllerPort: await freePort(), logDir, secure: options.secureListener }),
    ...options.settings,
  };
  await writeFile(
    properties,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );

  const jvm = ["-cp", classPath, `-Dlog4j2.configurationFile=${log4j2}`, "-Djava.net.preferIPv4Stack=true"];
  jvm.push("-Djava.awt.headless=true", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
  if (!(await stat(join(logDir, "meta.properties")).catch(() => undefined))) {
    const clusterId = randomBytes(16).toString("base64url");
    // "=": the id may begin with a dash. --ignore-formatted: a start that was cut short here can be repeated.
    const format = ["format", `--cluster-id=${clusterId}`, "--config", properties, "--ignore-formatted"];
    for (const [name, password] of Object.entries(options.users ?? {}))
      format.push("--add-scram", `SCRAM-SHA-512=[name=${name},password=${password}]`);
    await runProgram(java, [...jvm, "kafka.tools.StorageTool", ...format], { signal });
  }

  const server = await startProcess({
    name: "Kafka",
    command: java,
    args: ["-Xms256m", "-Xmx512m", ...jvm, "kafka.Kafka", properties],
    logFile: join(dataDir, "kafka.log"),
    stopSignal: "SIGTERM",
  });
  const brokers = `127.0.0.1:${port}`;
  await untilReady("Kafka", server, () => probeKafka(port), { signal });

  return { port, pid: server.pid, brokers, exited: server.exited, stop: (signal) => server.stop(signal) };
}

/** What docker-compose.yml gives its Kafka as well. */
export const kafkaSettings = {
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.listener.names": "CONTROLLER",
  "auto.create.topics.enable": "false",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "group.initial.rebalance.delay.ms": "0",
  // After a crash the broker is let in again only when its old session is over (9 s by default).
  "broker.session.timeout.ms": "3000",
  "broker.heartbeat.interval.ms": "500",
} as const;

function settingsFor({
  port,
  controllerPort,
  logDir,
  secure,
}: {
  readonly port: number;
  readonly controllerPort: number;
  readonly logDir: string;
  readonly secure: KafkaOptions["secureListener"];
}): Record<string, string> {
  const plain = `PLAINTEXT://127.0.0.1:${port}`;
  const forClients = secure ? `${plain},SECURE://${secure.host}:${secure.port}` : plain;
  return {
    ...kafkaSettings,
    listeners: `${forClients},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": forClients,
    "listener.security.protocol.map": `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${secure ? ",SECURE:SASL_SSL" : ""}`,
    // Voters by configuration, not in the metadata log: the controller's port may change from start to start.
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "log.dirs": logDir,
  };
}
