import { spawnSync } from "node:child_process";
import { type Environment, environments, renderText } from "../../deploy/kubernetes/testing/render.ts";

/**
 * kube-score over each environment that is meant for production; fails at any remark. It has to be there:
 * `go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0`. What is not asked of an object is in its annotation, with the reason
 * beside it; that no CPU limit is asked for is said at each container.
 */
const flags = ["--kubernetes-version", "v1.28", "--ignore-container-cpu-limit", "--exit-one-on-warning"];

for (const environment of ["prod", "prod-keda"] satisfies Environment[]) {
  const texts = await Promise.all(environments[environment].map(renderText));
  console.log(`${environment}:`);
  const { status, error } = spawnSync("kube-score", ["score", ...flags, "-o", "ci", "-"], {
    input: texts.join("---\n"),
    stdio: ["pipe", "inherit", "inherit"],
  });
  if (error) throw error;
  if (status !== 0) process.exitCode = 1;
}
