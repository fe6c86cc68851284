// Installs node_modules when they are missing or belong to another package-lock.json; quiet and instant when all is there.
// Runs under any Node from 18 on, with nothing installed: the project brings the Node that it runs on as a package.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stamp = `${root}node_modules/.installed-from`;
const lock = createHash("sha256")
  .update(readFileSync(`${root}package-lock.json`))
  .digest("hex");

const isInstalled =
  existsSync(stamp) && readFileSync(stamp, "utf8") === lock && existsSync(`${root}node_modules/.bin/node`);

if (!isInstalled) {
  process.stderr.write("installing the packages of package-lock.json (once, about 20 s)\n");
  // Not `npm ci`: it refuses a lockfile without the binaries of other platforms. --no-save: the lockfile stays as it is.
  const flags = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } = spawnSync("npm", flags, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    process.stderr.write(`npm install failed${error ? `: ${error.message}` : ""}\n`);
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
