import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Writes the file; with --check it only fails when the file is not what would be written, and names the `command` that writes it. */
export function writeGenerated(file: URL, text: string, command: string): void {
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${relative(root, fileURLToPath(file))} is not what \`${command}\` writes`);
    process.exitCode = 1;
  }
}
