import { fileURLToPath } from "node:url";
import { fetchLibraries, hasLibraries, type MavenLibraries } from "./maven-libraries.ts";

const kafka: MavenLibraries = {
  name: "Kafka's",
  pom: fileURLToPath(new URL("kafka/pom.xml", import.meta.url)),
  megabytes: 54,
  home: fileURLToPath(new URL("../../.local/kafka-libs", import.meta.url)),
};

/** The folder with the broker's jars, which Maven fetches once (10 s). */
export function kafkaLibraries(log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  return fetchLibraries(kafka, log, signal);
}

/** Whether Maven has nothing to do any more. */
export function hasKafkaLibraries(): Promise<boolean> {
  return hasLibraries(kafka);
}
