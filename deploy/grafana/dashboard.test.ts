import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";

// Of the very file that Grafana reads; the rules are those of Grafana's dashboard-linter.

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { value: number | null }[] };
    };
  };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly uid: string };
}

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
}

const dashboard = JSON.parse(readFileSync(new URL("dashboards/outbox.json", import.meta.url), "utf8")) as {
  readonly panels: readonly Panel[];
};
const panels = dashboard.panels.filter(({ type }) => type !== "row");
const named = panels.map((panel) => [panel.title, panel] as const);

const rulesFolder = new URL("../prometheus/rules/", import.meta.url);
const rules = readdirSync(rulesFolder).flatMap((file) => {
  const { groups } = parse(readFileSync(new URL(file, rulesFolder), "utf8")) as {
    groups: readonly { rules: readonly Rule[] }[];
  };
  return groups.flatMap((group) => group.rules);
});

test("the rows come in the order in which somebody who was woken up asks, and titles are unique", () => {
  const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
  expect(rows).toEqual(["Is it fine?", "Slot", "Flow", "Downstream", "API", "Clock and process"]);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
});

test.each(named)(
  "%s: says what it tells and when to worry, in what unit, and leaves the data source to choose",
  (_, panel) => {
    expect(panel.description?.length).toBeGreaterThan(30);
    expect(panel.fieldConfig?.defaults.unit).toBeTruthy();
    expect(panel.targets?.length).toBeGreaterThan(0);
    expect(panel.datasource?.uid).toBe("$datasource");
    for (const { datasource, legendFormat } of panel.targets ?? []) {
      expect(datasource.uid).toBe("$datasource");
      expect(legendFormat).not.toBe("");
    }
  },
);

test.each(named)(
  "%s: asks the chosen jobs only, and counters by their rate over a window that fits the scrapes",
  (_, panel) => {
    for (const { expr } of panel.targets ?? []) {
      const selectors = Array.from(expr.matchAll(/([a-z_:][\w:]*)\{([^}]*)\}(\[[^\]]*\])?/g));
      expect(selectors.length).toBeGreaterThan(0);
      // No name of a metric is left without a selector: it would ask everybody's jobs.
      const rest = expr.replaceAll(/[a-z_:][\w:]*\{[^}]*\}|\b(by|on)? ?\([a-z_, ]+\)/g, "");
      expect(rest).not.toMatch(/\b[a-z]+_\w+\b(?!\()/);
      for (const [selector, name = "", labels = "", window] of selectors) {
        expect(labels).toMatch(/^job=~"\$(relay|api|projector)[|"]/);
        const isCounter = /_(total|bucket|count|sum)$/.test(name);
        const before = expr.slice(0, expr.indexOf(selector));
        if (isCounter) expect(before).toMatch(/(rate|increase)\($/);
        if (window !== undefined) expect(["[$__rate_interval]", "[30m]", "[1h]"]).toContain(window);
        if (/(rate|increase)\($/.test(before)) expect(isCounter).toBe(true);
      }
    }
  },
);

test.each(named)("%s: names alerts that there are, and turns red where they fire", (_, panel) => {
  const alerts = Array.from(panel.description?.matchAll(/(\w+) \(docs\/runbooks/g) ?? [], ([, name]) => name);
  const firing = rules.filter(({ alert }) => alert !== undefined && alerts.includes(alert));
  expect(new Set(firing.map(({ alert }) => alert))).toEqual(new Set(alerts));
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  const limits = steps.map(({ value }) => value).filter((value) => value !== null);
  if (panel.title === "Error budget left")
    expect(limits).toEqual([0, 0.25]); // the alerts go by how fast it is spent
  else
    for (const limit of limits)
      expect(firing.flatMap(({ expr }) => limitsIn(expr))).toContainEqual(expect.closeTo(limit, 6));
});

/** The numbers that an expression compares with, as a threshold has them: more than 0 of what is counted is 1. */
function limitsIn(expr: string): number[] {
  const buckets = Array.from(expr.matchAll(/le="([\d.]+)"/g), ([, le]) => Number(le));
  const compared = Array.from(expr.matchAll(/[<>] (\d[\d.]*)((?: [*^] [\d.]+)*)/g)).flatMap(
    ([, first = "", rest = ""]) => {
      if (first === "0") return [1];
      const factors = Array.from(rest.matchAll(/\* ([\d.]+)(?: \^ (\d+))?/g));
      const product = factors.reduce(
        (value, [, base, exponent = 1]) => value * Number(base) ** Number(exponent),
        Number(first),
      );
      return [Number(first), product];
    },
  );
  return [...buckets, ...compared];
}

test("each recorded series that is asked for is recorded", () => {
  const recorded = new Set(rules.map(({ record }) => record));
  const asked = panels.flatMap(({ targets = [] }) =>
    targets.flatMap(({ expr }) => expr.match(/job:[\w:]+/g) ?? []),
  );
  expect(asked.length).toBeGreaterThan(0);
  for (const name of asked) expect(recorded).toContain(name);
});

test("no panel covers another or hangs over the edge", () => {
  const taken = new Set<string>();
  for (const { title, gridPos } of dashboard.panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken, `${title} at ${x}/${y}`).not.toContain(`${x}/${y}`);
        taken.add(`${x}/${y}`);
      }
    }
  }
});
