import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import kafkajs from "kafkajs";
import { type RunningProcess, startProcess } from "../../deploy/local/child-process.ts";
import { findJava } from "../../deploy/local/java.ts";
import { freePort } from "../../deploy/local/ports.ts";
import { partitionEnds } from "../../services/relay/infrastructure/kafka/partition-ends.ts";
import { eventually } from "../support/eventually.ts";
import { createTopic, uniqueTopic } from "../support/kafka.ts";
import type { Backlog } from "./backlog.ts";
import { installDebezium } from "./debezium-libraries.ts";
import { connectorSettings, type DebeziumTask, jvmSettings, workerSettings } from "./debezium-settings.ts";
import { sampleUsage } from "./process-usage.ts";
import { checkTopic, LONGEST_MS, type PublisherRun } from "./publisher-run.ts";

/** As many as the relay makes. */
const PARTITIONS = 6;
const log4j2 = fileURLToPath(new URL("../../deploy/local/kafka/log4j2.yaml", import.meta.url));

/** Debezium's connector in Kafka Connect, standalone: one process. */
export async function startDebeziumRun(backlog: Backlog, brokers: string): Promise<PublisherRun> {
  const libraries = await installDebezium(() => {});
  const topic = uniqueTopic("bench-debezium");
  await createTopic({ topic, partitions: PARTITIONS, brokers });
  const slot = await backlog.openSlot();
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-debezium-"));
  const { relayUrl: databaseUrl, pool } = backlog;
  const task = { databaseUrl, slot, brokers, topic, folder, restPort: await freePort() };
  const process = await startConnect(task, libraries).catch(async (error) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  const usage = sampleUsage(process.pid);
  const kafka = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING });

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const end = performance.now() + LONGEST_MS; performance.now() < end; await sleep(100)) {
      if (process.ending() !== undefined) break;
      if (await isSo()) return;
    }
    const state = process.ending() ?? "still runs";
    throw new Error(`Debezium did not ${what} (${state}):\n${process.lastOutput()}`);
  }

  return {
    usage,
    ready: () =>
      until("open its stream", async () => {
        const { rowCount } = await pool.query(
          "select from pg_replication_slots where slot_name = $1 and active",
          [slot],
        );
        return rowCount === 1;
      }),
    published: (count) =>
      until(`publish ${count} events`, async () => {
        const ends = await partitionEnds(kafka, topic);
        return ends.reduce((sum, { end }) => sum + Number(end), 0) >= count;
      }),
    async finish(onRecord) {
      usage.stop();
      await process.stop();
      await checkTopic(backlog, brokers, topic, onRecord);
    },
    async kill() {
      usage.stop();
      await process.stop();
      await rm(folder, { recursive: true });
      // Not before the server has noticed the end of the stream.
      await eventually(() => pool.query("select pg_drop_replication_slot($1)", [slot]));
    },
  };
}

async function startConnect(task: DebeziumTask, libraries: string): Promise<RunningProcess> {
  const worker = join(task.folder, "worker.properties");
  const connector = join(task.folder, "connector.properties");
  await writeFile(worker, toProperties(workerSettings(task)));
  await writeFile(connector, toProperties(connectorSettings(task)));
  const classPath = ["-cp", join(libraries, "*"), `-Dlog4j2.configurationFile=${log4j2}`];
  return startProcess({
    name: "Debezium",
    command: await findJava(),
    args: [...jvmSettings, ...classPath, "org.apache.kafka.connect.cli.ConnectStandalone", worker, connector],
    logFile: join(task.folder, "connect.log"),
    // Connect does not always end within 30 s of SIGTERM, and nothing of it is needed afterwards.
    stopSignal: "SIGKILL",
  });
}

function toProperties(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll("\\", "\\\\")}\n`)
    .join("");
}
