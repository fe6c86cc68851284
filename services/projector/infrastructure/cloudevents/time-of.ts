/** RFC 3339, section 5.6; `Date` alone takes much else for a time. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** A time as in RFC 3339, in whole ms since the epoch; NaN for anything else. */
export function timeOf(text: string): number {
  return RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
}
