import { fileURLToPath } from "node:url";
import { fetchLibraries, hasLibraries, type MavenLibraries } from "../../deploy/local/maven-libraries.ts";
import { ensureSystemPackages } from "../../deploy/local/system-packages.mjs";

const debezium: MavenLibraries = {
  name: "Debezium's",
  pom: fileURLToPath(new URL("debezium/pom.xml", import.meta.url)),
  megabytes: 41,
  home: fileURLToPath(new URL("../../.local/debezium-libs", import.meta.url)),
};

/**
 * The folder with the jars of Kafka Connect and Debezium's connector. Installs Java and Maven and downloads the jars where they
 * are missing: once, and outside of any measurement.
 * @throws Error when the user has to install something.
 */
export async function installDebezium(log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const programs = (await hasLibraries(debezium)) ? (["java"] as const) : (["java", "mvn"] as const);
  const toDo = ensureSystemPackages(programs, log);
  if (toDo) throw new Error(`Debezium cannot be measured: ${toDo}`);
  return fetchLibraries(debezium, log, signal);
}
