type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** JSON as Postgres prints it from jsonb: the shorter names first, those of a length by their bytes, and spaces in between. */
export function jsonbText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, each]) => [Buffer.from(name), each] as const);
  fields.sort(([a], [b]) => a.length - b.length || a.compare(b));
  return `{${fields.map(([name, each]) => `${JSON.stringify(String(name))}: ${jsonbText(each)}`).join(", ")}}`;
}
