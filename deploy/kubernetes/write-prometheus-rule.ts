import { readdirSync, readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { writeGenerated } from "../write-generated.ts";

/** Writes the rules of deploy/prometheus/rules as a PrometheusRule, in which the Prometheus operator takes them (--check: see writeGenerated). */
const rules = new URL("../prometheus/rules/", import.meta.url);
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
const command = "npm run build:kubernetes";
const text = `# Written by \`${command}\` from deploy/prometheus/rules.\n${stringify(rule, { lineWidth: 0 })}`;
writeGenerated(new URL("components/monitoring/prometheus-rule.yaml", import.meta.url), text, command);
