import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Fails when services/gen is not what `buf generate` writes today; names the files that differ. */
const root = join(import.meta.dirname, "..", "..");
const fresh = mkdtempSync(join(tmpdir(), "outbox-orders-gen-"));
try {
  execFileSync(join(root, "node_modules", ".bin", "buf"), ["generate", "--output", fresh], {
    cwd: root,
    stdio: "inherit",
  });
  const expected = filesIn(join(fresh, "services", "gen"));
  const found = filesIn(join(root, "services", "gen"));
  if (expected.size === 0) throw new Error("buf generate wrote no file");
  const differing = [...new Set([...expected.keys(), ...found.keys()])].filter(
    (file) => expected.get(file) !== found.get(file),
  );
  for (const file of differing) console.error(`services/gen/${file} is not what \`npx buf generate\` writes`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

function filesIn(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
    }),
  );
}
