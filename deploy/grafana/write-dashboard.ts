import { writeGenerated } from "../write-generated.ts";
import { buildDashboard } from "./dashboard.ts";

/** Writes the dashboard as Grafana reads it (--check: see writeGenerated). */
const text = `${JSON.stringify(buildDashboard(), null, 2)}\n`;
writeGenerated(new URL("dashboards/outbox.json", import.meta.url), text, "npm run build:dashboard");
