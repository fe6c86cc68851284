import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { buildPanel, datasource } from "./build-panel.ts";
import { type Panel, type Row, relay } from "./panel.ts";
import { apiRow } from "./rows/api.ts";
import { clockAndProcess } from "./rows/clock-and-process.ts";
import { downstream } from "./rows/downstream.ts";
import { flow } from "./rows/flow.ts";
import { isItFine } from "./rows/is-it-fine.ts";
import { slot } from "./rows/slot.ts";

const COLUMNS = 24;
const heights = { stat: 4, graph: 8, heatmap: 8, timeline: 5 } as const;

/** In the order in which somebody who was woken up asks. */
const rows: readonly Row[] = [isItFine, slot, flow, downstream, apiRow, clockAndProcess];

/** In the classic model, which Grafana reads since version 10; the newer one (v2) is not read from files by all that are in use. */
export function buildDashboard(): Dashboard {
  const builder = new DashboardBuilder("Outbox")
    .uid("outbox")
    .description(
      "From the commit in Postgres to the read model. Made by deploy/grafana/dashboard.ts: change it there.",
    )
    .tags(["outbox"])
    .readonly()
    .timezone("browser")
    .time({ from: "now-1h", to: "now" })
    .refresh("10s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .withVariable(jobs("relay", "Relay", "outbox_relay_leader"))
    .withVariable(jobs("api", "API", "order_watches"))
    .withVariable(jobs("projector", "Projector", "projector_stalled_partitions"))
    .annotation(modeTransitions());
  for (const { title, panels } of rows) {
    builder.withRow(new RowBuilder(title));
    for (const line of linesOf(panels)) {
      const height = Math.max(...line.map(({ kind }) => heights[kind]));
      for (const panel of line) builder.withPanel(buildPanel(panel, height));
    }
  }
  const dashboard = builder.build();
  // Grafana would number them by itself, anew at each import, and links to a single panel would break.
  dashboard.panels?.forEach((panel, i) => {
    panel.id = i + 1;
  });
  return dashboard;
}

/** Panels that stand beside one another. */
function linesOf(panels: readonly Panel[]): Panel[][] {
  const lines: Panel[][] = [];
  let left = 0;
  for (const panel of panels) {
    if (panel.width > left) {
      lines.push([]);
      left = COLUMNS;
    }
    lines.at(-1)?.push(panel);
    left -= panel.width;
  }
  return lines;
}

/** The jobs that export a metric: one per relay that has a name of its own. */
function jobs(name: string, label: string, metric: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query: `label_values(${metric}, job)`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current({ text: "All", value: "$__all" });
}

function modeTransitions(): AnnotationQueryBuilder {
  const expr = `sum by (job, from, to, reason) (increase(outbox_mode_transitions_total{${relay}}[$__rate_interval])) > 0`;
  return new AnnotationQueryBuilder()
    .name("Mode transitions")
    .datasource(datasource)
    .enable(true)
    .iconColor("orange")
    .expr(expr)
    .target(new DataqueryBuilder().datasource(datasource).expr(expr).refId("Anno"))
    .step("15s")
    .titleFormat("{{from}} → {{to}}")
    .textFormat("{{job}}: {{reason}}");
}
