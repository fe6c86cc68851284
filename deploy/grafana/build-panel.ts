import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  type DataSourceRef,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel as GrafanaPanel,
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as HeatmapBuilder, YAxisConfigBuilder } from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as GraphBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Panel, Thresholds, Word } from "./panel.ts";

/** Chosen at the top of the dashboard. */
export const datasource: DataSourceRef = { type: "prometheus", uid: "$datasource" };

export function buildPanel(panel: Panel, height: number): Builder<GrafanaPanel> {
  const builder = { stat, graph, heatmap, timeline }[panel.kind](panel);
  builder
    .title(panel.title)
    .description(describe(panel))
    .datasource(datasource)
    .unit(panel.unit)
    .span(panel.width)
    .height(height)
    .thresholds(thresholds(panel.thresholds));
  if (panel.words) builder.mappings(mappings(panel.words));
  if (panel.nothing !== undefined) builder.noValue(panel.nothing);
  panel.queries.forEach(({ expr, legend }, i) => {
    const query = new DataqueryBuilder()
      .datasource(datasource)
      .expr(expr)
      .legendFormat(legend)
      .refId(refId(i));
    if (panel.kind === "stat") query.instant();
    else query.range();
    if (panel.kind === "heatmap") query.format(PromQueryFormat.Heatmap);
    builder.withTarget(query);
  });
  return builder;
}

function stat({ showName, words, thresholds }: Panel): StatBuilder {
  const builder = new StatBuilder()
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .graphMode(BigValueGraphMode.None)
    .colorMode(words || thresholds ? BigValueColorMode.Background : BigValueColorMode.None);
  return showName ? builder.textMode(BigValueTextMode.Name) : builder;
}

function graph(panel: Panel): GraphBuilder {
  const builder = new GraphBuilder()
    .fillOpacity(10)
    .min(0)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic));
  const style = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);
  return panel.thresholds ? builder.thresholdsStyle(style) : builder;
}

const heatmap = ({ unit }: Panel) =>
  new HeatmapBuilder().hideLegend().yAxis(new YAxisConfigBuilder().unit(unit));

const timeline = (_panel: Panel) =>
  new TimelineBuilder()
    .mergeValues(true)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));

function describe({ description, alerts = [] }: Panel): string {
  if (alerts.length === 0) return description;
  const links = alerts.map((name) => `${name} (docs/runbooks/${name}.md)`);
  return `${description}\n\nAlerts: ${links.join(", ")}`;
}

function thresholds({ warn, bad, goodAbove = false }: Thresholds = {}): ThresholdsConfigBuilder {
  const [first, ...rest] = goodAbove
    ? [step("red", null), step("orange", warn === undefined ? undefined : bad), step("green", warn ?? bad)]
    : [step("green", null), step("orange", warn), step("red", bad)];
  const steps = [first, ...rest.filter(({ value }) => value !== undefined)] as Threshold[];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

function step(color: string, value: number | null | undefined) {
  return { color, value };
}

function mappings(words: Readonly<Record<number, Word>>): ValueMapping[] {
  return [{ type: MappingType.ValueToText, options: { ...words } }];
}

/** A, B, C, … */
function refId(index: number): string {
  return String.fromCharCode(65 + index);
}
