// Makes sure that programs of the system are there: installs them through apt where that can be done without asking (root on
// Debian or Ubuntu), and names the exact command elsewhere. Runs under any Node from 18 on, with nothing installed.
// From the shell: node system-packages.mjs java mvn redis-server kcat
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";

/** @typedef {"java" | "mvn" | "redis-server" | "kcat"} Program */

/** How each program is found and what package has it, by package manager. */
const programs = {
  java: {
    test: ["java", "-version"],
    apt: "openjdk-17-jre-headless",
    brew: "openjdk@17",
    dnf: "java-21-openjdk-headless",
  },
  mvn: { test: ["mvn", "--version"], apt: "maven", brew: "maven", dnf: "maven" },
  "redis-server": { test: ["redis-server", "--version"], apt: "redis-server", brew: "redis", dnf: "redis" },
  kcat: { test: ["kcat", "-V"], apt: "kcat", brew: "kcat", dnf: "kcat" },
};

/**
 * Installs what is missing of the named programs.
 * @param {readonly Program[]} names
 * @param {(line: string) => void} log
 * @returns {string | undefined} what the user has to do, when it could not be done
 */
export function ensureSystemPackages(names, log) {
  let missing = names.filter((name) => !runs(programs[name].test));
  if (missing.length === 0) return undefined;
  const manager = ["apt-get", "brew", "dnf"].find((name) => runs([name, "--version"]));
  if (manager === "apt-get" && process.getuid?.() === 0) {
    log(`installing ${missing.join(", ")} with apt-get`);
    aptInstall(missing.map((name) => programs[name].apt));
    missing = missing.filter((name) => !runs(programs[name].test));
    if (missing.length === 0) return undefined;
  }
  return `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing; install with: ${command(manager, missing)}`;
}

/** @param {readonly string[]} command */
function runs([program = "", ...args]) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** @param {readonly string[]} packages */
function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  /** @type {import("node:child_process").SpawnSyncOptions} */
  const options = { stdio: ["ignore", 2, 2], env };
  spawnSync("apt-get", ["update", "-qq"], options);
  spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options);
}

/**
 * @param {string | undefined} manager
 * @param {readonly Program[]} names
 */
function command(manager, names) {
  if (manager === "brew") return `brew install ${names.map((name) => programs[name].brew).join(" ")}`;
  if (manager === "dnf") return `sudo dnf install -y ${names.map((name) => programs[name].dnf).join(" ")}`;
  return `sudo apt-get install -y ${names.map((name) => programs[name].apt).join(" ")}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = /** @type {Program[]} */ (process.argv.slice(2));
  const unknown = names.filter((name) => !(name in programs));
  const toDo =
    unknown.length > 0
      ? `unknown program ${unknown.join(", ")}; known are ${Object.keys(programs).join(", ")}`
      : ensureSystemPackages(names, (line) => process.stderr.write(`${line}\n`));
  if (toDo) {
    process.stderr.write(`${toDo}\n`);
    process.exit(1);
  }
}
