import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findJava } from "../../deploy/local/java.ts";
import { kafkaLibraries } from "../../deploy/local/kafka-libraries.ts";

const run = promisify(execFile);

/** What Kafka's scripts run, by their names. */
const classes: Readonly<Record<string, string>> = {
  "kafka-acls.sh": "org.apache.kafka.tools.AclCommand",
  "kafka-configs.sh": "kafka.admin.ConfigCommand",
  "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
};

/** Runs a command of Kafka's own tools, as a person would type it: words without quotes. Rejects when it fails. */
export async function runKafkaTool(command: string): Promise<void> {
  const [script = "", ...args] = command.split(" ");
  const name = classes[script];
  if (name === undefined) throw new Error(`there is no tool ${script}`);
  const jars = join(await kafkaLibraries(() => {}), "*");
  const jvm = ["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  await run(await findJava(), [...jvm, "-cp", jars, name, ...args]);
}
