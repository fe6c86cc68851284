// Makes sure that programs of the system are there: installs them through apt where that can be done without asking (root on
// Debian or Ubuntu), and names the exact command elsewhere. Runs under any Node from 18 on, with nothing installed.
// From the shell: node system-packages.mjs java mvn redis-server kcat
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findPostgresProgram } from "./postgres-programs.mjs";

/** @typedef {"java" | "mvn" | "redis-server" | "kcat" | "pgbench" | "pg_recvlogical" | "h2load" | "chromium" | "python3" | "openssl" | "prometheus" | "promtool"} Program */

/**
 * How each program is found, and what package has it by package manager; of several, the first that the system offers.
 * @type {Record<Program, { isThere: () => boolean, apt: [string, ...string[]], brew: string, dnf: string }>}
 */
const programs = {
  java: {
    isThere: hasJava,
    apt: ["openjdk-21-jre-headless", "openjdk-17-jre-headless"],
    brew: "openjdk@21",
    dnf: "java-21-openjdk-headless",
  },
  mvn: { isThere: () => runs("mvn", "--version"), apt: ["maven"], brew: "maven", dnf: "maven" },
  "redis-server": {
    isThere: () => runs("redis-server", "--version"),
    apt: ["redis-server"],
    brew: "redis",
    dnf: "redis",
  },
  openssl: { isThere: () => runs("openssl", "version"), apt: ["openssl"], brew: "openssl@3", dnf: "openssl" },
  kcat: { isThere: () => runs("kcat", "-V"), apt: ["kcat"], brew: "kcat", dnf: "kcat" },
  // Debian has it among the server's programs.
  pgbench: {
    isThere: () => findPostgresProgram("pgbench") !== undefined,
    apt: ["postgresql"],
    brew: "postgresql@18",
    dnf: "postgresql-contrib",
  },
  pg_recvlogical: {
    isThere: () => findPostgresProgram("pg_recvlogical") !== undefined,
    apt: ["postgresql-client"],
    brew: "postgresql@18",
    dnf: "postgresql-server",
  },
  chromium: {
    isThere: () => runs("chromium", "--version"),
    apt: ["chromium"],
    brew: "chromium",
    dnf: "chromium",
  },
  prometheus: {
    isThere: () => runs("prometheus", "--version"),
    apt: ["prometheus"],
    brew: "prometheus",
    dnf: "golang-github-prometheus",
  },
  promtool: {
    isThere: () => runs("promtool", "--version"),
    apt: ["prometheus"],
    brew: "prometheus",
    dnf: "golang-github-prometheus",
  },
  h2load: {
    isThere: () => runs("h2load", "--version"),
    apt: ["nghttp2-client"],
    brew: "nghttp2",
    dnf: "nghttp2",
  },
  // With what makes virtual environments, which Debian has in a package of its own.
  python3: {
    isThere: () => runs("python3", "-c", "import ensurepip, venv"),
    apt: ["python3-venv"],
    brew: "python",
    dnf: "python3",
  },
};

/** Where Debian's postgresql-common reads what it is to make when a server is installed; see pg_createcluster(8). */
const clusterSettings = "/etc/postgresql-common/createcluster.d";

/**
 * Installs what is missing of the named programs.
 * @param {readonly Program[]} names
 * @param {(line: string) => void} log
 * @returns {string | undefined} what the user has to do, when it could not be done
 */
export function ensureSystemPackages(names, log) {
  let missing = names.filter((name) => !programs[name].isThere());
  if (missing.length === 0) return undefined;
  const manager = ["apt-get", "brew", "dnf"].find((name) => runs(name, "--version"));
  let output = "";
  if (manager === "apt-get" && process.getuid?.() === 0) {
    output = aptInstall(missing, log);
    missing = missing.filter((name) => !programs[name].isThere());
    if (missing.length === 0) return undefined;
  }
  return `${output}${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing; install with: ${command(manager, missing)}`;
}

/** Kafka needs Java 17 or newer. An older one counts as none: a newer package takes its place on the path. */
function hasJava() {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin", "java") : "java";
  const { stderr } = spawnSync(java, ["-version"], { encoding: "utf8" });
  return Number(/version "(\d+)/.exec(stderr ?? "")?.[1]) >= 17;
}

/** @param {string} program @param {string[]} args */
function runs(program, ...args) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/**
 * @param {readonly Program[]} names
 * @param {(line: string) => void} log
 * @returns {string} what apt-get said when it failed, else nothing
 */
function aptInstall(names, log) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  /** @param {string[]} args */
  const apt = (...args) => {
    const { status, stdout, stderr } = spawnSync("apt-get", ["-qq", ...args], { encoding: "utf8", env });
    return status === 0 ? "" : `apt-get ${args[0]} failed:\n${stdout}${stderr}\n`;
  };
  log("updating apt's lists");
  const update = apt("update");
  const packages = [...new Set(names.map(aptPackage))];
  log(`installing ${packages.join(", ")} with apt-get`);
  const install = () => apt("install", "-y", "--no-install-recommends", ...packages);
  const failure = packages.includes("postgresql") ? withoutCluster(install) : install();
  // Debian starts the server of a package that it installs, now and at each boot: on the port of our gRPC.
  if (packages.includes("prometheus")) spawnSync("systemctl", ["disable", "--now", "prometheus"]);
  return failure && update + failure;
}

/**
 * Installing Debian's package `postgresql` would make a database and start a server on it, which nobody wants who wants `pgbench`.
 * @template T
 * @param {() => T} install
 * @param {string} folder
 */
export function withoutCluster(install, folder = clusterSettings) {
  const file = join(folder, "outbox-orders.conf");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, "create_main_cluster = false\n");
  try {
    return install();
  } finally {
    rmSync(file); // what the user installs later is the user's
  }
}

/** @param {Program} name */
function aptPackage(name) {
  const { apt } = programs[name];
  return apt.find((candidate) => runs("apt-cache", "show", candidate)) ?? apt[0];
}

/**
 * @param {string | undefined} manager
 * @param {readonly Program[]} names
 */
function command(manager, names) {
  if (manager === "brew") return `brew install ${unique(names.map((name) => programs[name].brew))}`;
  if (manager === "dnf") return `sudo dnf install -y ${unique(names.map((name) => programs[name].dnf))}`;
  return `sudo apt-get install -y ${unique(names.map(aptPackage))}`;
}

/** @param {readonly string[]} packages */
function unique(packages) {
  return [...new Set(packages)].join(" ");
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
