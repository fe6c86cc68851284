import type { Check } from "./check.ts";
import { type DoctorSettings, type FactName, type FactReaders, type Facts, FactUnreadable } from "./facts.ts";
import { type Finding, failed, skipped, type Verdict } from "./finding.ts";

export interface Examination {
  readonly checks: readonly Check[];
  readonly readers: FactReaders;
  readonly settings: DoctorSettings;
  /** For each group of facts. */
  readonly timeoutMs: number;
}

/**
 * What each check finds, in their order, as soon as it is known. Every group of facts is read once, and all at the same time: one that
 * cannot be read, or never answers, is told of by the checks that need it and by no others.
 */
export async function* examine(examination: Examination): AsyncGenerator<Finding> {
  const { checks, readers, settings, timeoutMs } = examination;
  const names = new Set(checks.flatMap(({ needs }) => needs));
  const facts = new Map(Array.from(names, (name) => [name, within<unknown>(timeoutMs, readers[name])]));
  for (const check of checks) {
    const { area, name } = check;
    for (const verdict of await verdictsOf(check, facts, settings)) yield { area, check: name, ...verdict };
  }
}

async function verdictsOf(
  check: Check,
  facts: ReadonlyMap<FactName, Promise<unknown>>,
  settings: DoctorSettings,
): Promise<readonly Verdict[]> {
  try {
    const read = await Promise.all(check.needs.map(async (name) => [name, await facts.get(name)]));
    const verdicts = check.judge(Object.fromEntries(read) as Facts, settings);
    return "status" in verdicts ? [verdicts] : verdicts;
  } catch (error) {
    return [unreadable(error)];
  }
}

function unreadable(error: unknown): Verdict {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof FactUnreadable && error.reason !== "broken") return skipped(said);
  return failed(`this could not be looked at: ${said}`, {
    note: "see whether the server is overloaded or something is locked there, then run it again",
  });
}

/** Never leaves a rejection that nobody hears of: a check may ask for it only later. */
function within<T>(ms: number, read: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FactUnreadable("broken", `no answer within ${ms / 1000} s`)), ms);
  });
  const result = Promise.race([Promise.try(read), late]).finally(() => clearTimeout(timer));
  result.catch(() => {});
  return result;
}
