const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** As Postgres writes sizes, with a decimal where it tells something. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${UNITS[unit]}`;
}

const STEPS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** In the largest unit of which there are two at least. */
export function duration(ms: number): string {
  const [size, unit] = STEPS.find(([step]) => ms >= 2 * step) ?? STEPS[3];
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${Number((ms / size).toFixed(1))} ${unit}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
