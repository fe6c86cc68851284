import { readFileSync } from "node:fs";
import type { Registry } from "prom-client";

/** What the table under "## Metrics" of a README names, each as `name{label,label}`. */
export function documentedMetrics(readme: URL): string[] {
  const [, section = ""] = readFileSync(readme, "utf8").split(/^## Metrics$/m);
  const [table = ""] = section.split(/^## /m);
  return Array.from(table.matchAll(/^\| `([^`]+)`/gm), ([, metric = ""]) => metric).toSorted();
}

/** What a registry holds, in the same form. */
export function registeredMetrics(registry: Registry): string[] {
  const metrics = registry.getMetricsAsArray() as unknown as {
    name: string;
    labelNames: readonly string[];
  }[];
  return metrics
    .map(({ name, labelNames }) => (labelNames.length === 0 ? name : `${name}{${labelNames.join(",")}}`))
    .toSorted();
}
