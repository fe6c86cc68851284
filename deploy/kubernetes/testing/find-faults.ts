import type { Manifest } from "./manifest.ts";
import { environmentFaults } from "./rules/environment.ts";
import { podFaults } from "./rules/pods.ts";
import { portFaults } from "./rules/ports.ts";
import { referenceFaults } from "./rules/references.ts";
import { scalingFaults } from "./rules/scaling.ts";

/** What is wrong with the objects of an environment, as no schema tells. */
export function findFaults(manifests: readonly Manifest[]): string[] {
  const rules = [referenceFaults, portFaults, environmentFaults, podFaults, scalingFaults];
  return rules.flatMap((rule) => [...rule(manifests)]);
}
