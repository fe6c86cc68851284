import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * `npm run conformance`: Connect's own suite (https://github.com/connectrpc/conformance) against our server assembly, over HTTP/1.1 and
 * HTTP/2, in all three protocols. More arguments are the suite's, such as --run "**\/timeouts/**" or --trace.
 */
const version = "v1.0.7";
const root = join(import.meta.dirname, "..", "..");
const folder = join(root, ".local", "conformance", version);
const suite = join(folder, "connectconformance");
const contract = join(folder, "contract.binpb");

if (!existsSync(contract)) {
  if (spawnSync("go", ["version"]).status !== 0) {
    console.error("Go is missing, which the suite is built with: https://go.dev/doc/install");
    process.exit(1);
  }
  mkdirSync(folder, { recursive: true });
  console.log(`building Connect's conformance suite ${version} with Go, once, into ${folder}`);
  const go = (...args: string[]) =>
    execFileSync("go", args, {
      env: { ...process.env, GOBIN: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
  go("install", `connectrpc.com/conformance/cmd/connectconformance@${version}`);
  const module: { Dir: string } = JSON.parse(
    go("mod", "download", "-json", `connectrpc.com/conformance@${version}`).toString(),
  );
  execFileSync(join(root, "node_modules", ".bin", "buf"), [
    "build",
    join(module.Dir, "proto"),
    "-o",
    contract,
  ]);
}

const flaky = join(import.meta.dirname, "known-flaky.txt");
const server = [process.execPath, join(import.meta.dirname, "server.ts"), contract];
const args = [
  "--mode",
  "server",
  "--conf",
  join(import.meta.dirname, "config.yaml"),
  "--known-flaky",
  `@${flaky}`,
];
const run = spawn(suite, [...args, ...process.argv.slice(2), "--", ...server], { stdio: "inherit" });
const [code] = await once(run, "exit");
process.exitCode = code ?? 1;
