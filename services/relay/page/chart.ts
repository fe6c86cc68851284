import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockTime } from "./clock-time.ts";
import { element, setText } from "./elements.ts";

export interface Line {
  readonly name: string;
  /** Its place in a sample. */
  readonly column: number;
  /** The custom property of its colour. */
  readonly colour: string;
  readonly dash?: number[];
}

export interface ChartOptions {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** Of a figure that spans from milliseconds to minutes. */
  readonly logarithmic?: boolean;
  /** The lowest upper end of the scale: so that noise does not look like mountains. */
  readonly atLeast: number;
  /** From where on it is not fine. */
  readonly limit?: { readonly value: number; readonly name: string };
}

/** A figure over ten minutes; its newest values, or those under the pointer, are beside it as text. */
export interface Chart {
  readonly figure: HTMLElement;
  draw(columns: readonly (readonly (number | null)[])[]): void;
}

const HEIGHT = 160;
const DECADES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const SHOWN_SECONDS = 600;
/** What is drawn at the least: so that a relay that has just started does not draw two points across all of it. */
const SHORTEST_SECONDS = 120;

export function createChart(options: ChartOptions): Chart {
  const { title, lines, format } = options;
  const values = lines.map(({ colour }) => element("span", { class: "legend", "data-colour": colour }));
  const moment = element("span", { class: "quiet" });
  const place = element("div", { class: "plot", role: "img" });
  const figure = element(
    "figure",
    {},
    element("figcaption", {}, element("strong", {}, title), ...values, moment),
    place,
  );
  let plot: uPlot | undefined;
  let columns: (readonly (number | null)[])[] = [];

  function describe(index: number | null | undefined): void {
    const times = columns[0] ?? [];
    const at = index ?? times.length - 1;
    const told = lines.map(({ name }, line) => {
      const value = columns[line + 1]?.[at];
      return `${name} ${value == null ? "–" : format(value)}`;
    });
    told.forEach((text, line) => {
      setText(values[line] as Element, text);
    });
    const time = times[at];
    const isEmpty = columns.slice(1).every((column) => column.every((value) => value === null));
    const when = index == null || time == null ? "now" : clockTime(new Date(time * 1_000));
    setText(moment, isEmpty ? "nothing to show of this process" : when);
    if (index == null)
      place.setAttribute("aria-label", `${title}, last ten minutes. Now: ${told.join(", ")}`);
  }

  function make(): void {
    plot?.destroy();
    plot = new uPlot(uplotOptions(options, place.clientWidth, describe), columns as uPlot.AlignedData, place);
    place.querySelectorAll("canvas").forEach((canvas) => {
      canvas.setAttribute("aria-hidden", "true");
    });
  }

  new ResizeObserver(() => {
    if (plot && place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HEIGHT });
  }).observe(place);
  // Colours are drawn: those of the other scheme have to be drawn anew.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (plot) make();
  });

  return {
    figure,
    draw(drawn) {
      columns = [...drawn];
      if (plot) plot.setData(columns as uPlot.AlignedData);
      else make();
      if (plot?.cursor.idx == null) describe(undefined);
    },
  };
}

function uplotOptions(
  { lines, format, logarithmic = false, atLeast, limit }: ChartOptions,
  width: number,
  onCursor: (index: number | null | undefined) => void,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (property: string) => style.getPropertyValue(property).trim();
  const axis = {
    stroke: colour("--quiet-drawn"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { stroke: colour("--grid"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: {
        time: true,
        range: (_, min, max) => [Math.min(max - SHORTEST_SECONDS, Math.max(max - SHOWN_SECONDS, min)), max],
      },
      y: logarithmic
        ? { distr: 3, range: (_, __, max) => [0.5, Math.max(atLeast, max * 1.5)] }
        : { range: (_, __, max) => [0, Math.max(atLeast, (max ?? 0) * 1.15)] },
    },
    axes: [
      { ...axis, size: 32, space: 70, values: (_, splits) => splits.map(timeLabel) },
      {
        ...axis,
        size: 64,
        space: 28,
        ...(logarithmic
          ? { splits: (_, __, min, max) => DECADES.filter((decade) => decade >= min && decade <= max) }
          : {}),
        values: (_, splits) => splits.map((value) => (value == null ? null : format(value))),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.name,
        stroke: colour(line.colour),
        width: 2,
        points: { show: false },
        spanGaps: false,
        ...(line.dash ? { dash: line.dash } : {}),
      })),
    ],
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx)],
      draw: [(plot) => limit && drawLimit(plot, limit, colour("--limit"))],
    },
  };
}

function drawLimit(plot: uPlot, { value, name }: { value: number; name: string }, colour: string): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(value, "y", true));
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.fillText(name, bbox.left + 4 * devicePixelRatio, y - 2 * devicePixelRatio);
  ctx.restore();
}

/** Without the seconds where they are none. */
const timeLabel = (seconds: number): string => clockTime(new Date(seconds * 1_000)).replace(/:00$/, "");
