const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** In units of 1024 bytes, as Postgres writes sizes, with a decimal where it tells something. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${UNITS[unit]}`;
}
