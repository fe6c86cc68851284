import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const oldestVersion = 17;

/** The java command (JAVA_HOME's, else the path's); throws when there is none, or one that Kafka does not run on. */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, "bin", "java") : "java";
  let said: string;
  try {
    said = (await run(java, ["-version"])).stderr;
  } catch (cause) {
    throw new Error(
      `Kafka needs Java ${oldestVersion} or newer, and ${java} does not run (apt-get install openjdk-17-jre-headless)`,
      { cause },
    );
  }
  const version = Number(/version "(\d+)/.exec(said)?.[1]);
  if (!(version >= oldestVersion)) {
    throw new Error(`Kafka needs Java ${oldestVersion} or newer; ${java} is: ${said.split("\n")[0]}`);
  }
  return java;
}
