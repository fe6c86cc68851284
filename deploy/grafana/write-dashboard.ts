import { readFileSync, writeFileSync } from "node:fs";
import { buildDashboard } from "./dashboard.ts";

/** Writes the dashboard as Grafana reads it; with --check it only fails when the file is not what would be written. */
const file = new URL("dashboards/outbox.json", import.meta.url);
const text = `${JSON.stringify(buildDashboard(), null, 2)}\n`;

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error("deploy/grafana/dashboards/outbox.json is not what `npm run build:dashboard` writes");
  process.exitCode = 1;
}
