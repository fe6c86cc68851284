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
