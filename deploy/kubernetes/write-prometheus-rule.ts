import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";

/**
 * Writes the rules of deploy/prometheus/rules as a PrometheusRule, in which the Prometheus operator takes them; with --check it only
 * fails when the file is not what would be written.
 */
const rules = new URL("../prometheus/rules/", import.meta.url);
const file = new URL("components/monitoring/prometheus-rule.yaml", import.meta.url);
const rule = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: "outbox-orders", labels: { "app.kubernetes.io/part-of": "outbox-orders" } },
  spec: {
    groups: readdirSync(rules)
      .sort()
      .flatMap((name) => parse(readFileSync(new URL(name, rules), "utf8")).groups),
  },
};
const text = `# Written by \`npm run build:kubernetes\` from deploy/prometheus/rules.\n${stringify(rule, { lineWidth: 0 })}`;

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error(
    "deploy/kubernetes/components/monitoring/prometheus-rule.yaml is not what `npm run build:kubernetes` writes",
  );
  process.exitCode = 1;
}
