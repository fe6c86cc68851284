import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environments, renderText } from "../../deploy/kubernetes/testing/render.ts";
import { installPythonTool } from "./python-tool.ts";

/** The oldest and the newest release of Kubernetes whose schemas the overlays are held to. */
const versions = ["1.28", "1.37"];

/** Their operators' own: no release of Kubernetes has their schemas. */
const foreign = /with api version (monitoring\.coreos\.com|keda\.sh)\//;

/** What kubernetes-validate says of a file with objects, with strict schemas. */
export async function validateManifests(file: string): Promise<string[]> {
  const program = await installPythonTool({ name: "kubernetes-validate", version: "1.37.0" });
  return versions.flatMap((version) => {
    const { status, stdout, stderr } = spawnSync(program, ["--strict", "--quiet", "-k", version, file], {
      encoding: "utf8",
    });
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line !== "" && !foreign.test(line));
    return status === 0 || lines.length > 0 ? lines : [`kubernetes-validate ended with ${status}`];
  });
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), "kubernetes-"));
  try {
    for (const overlay of new Set(Object.values(environments).flat())) {
      const file = join(folder, `${overlay.replace("/", "-")}.yaml`);
      writeFileSync(file, await renderText(overlay));
      for (const line of await validateManifests(file)) {
        console.error(line);
        process.exitCode = 1;
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
