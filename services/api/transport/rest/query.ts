import { invalid } from "./problem.ts";

export type Query = Readonly<Record<string, string>>;

/**
 * The query's parameters.
 * @throws Problem INVALID_REQUEST for one that is not known, or is there twice: who misspells a filter must not be given everything
 */
export function readQuery(url: string, known: readonly string[]): Query {
  const start = url.indexOf("?");
  if (start === -1) return {};
  const values: Record<string, string> = {};
  const errors: { parameter: string; detail: string }[] = [];
  for (const [parameter, value] of new URLSearchParams(url.slice(start))) {
    if (!known.includes(parameter)) errors.push({ parameter, detail: "is not known here" });
    else if (Object.hasOwn(values, parameter)) errors.push({ parameter, detail: "is there more than once" });
    else values[parameter] = value;
  }
  if (errors.length > 0) throw invalid(errors);
  return values;
}
