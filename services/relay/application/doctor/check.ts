import type { DoctorSettings, FactName, Facts } from "./facts.ts";
import { type Finding, skipped, type Verdict } from "./finding.ts";

/** One thing that the relay needs: a pure judgement over facts that were read. */
export interface Check {
  readonly area: Finding["area"];
  /** A few words, which stay as they are: programs go by them. */
  readonly name: string;
  readonly needs: readonly FactName[];
  /** One verdict, or one for each thing that was looked at. */
  judge(facts: Facts, settings: DoctorSettings): Verdict | readonly Verdict[];
}

type Judge<Name extends FactName> = (
  facts: Pick<Facts, Name>,
  settings: DoctorSettings,
) => Verdict | readonly Verdict[];

/** A check that looks at these groups of facts and no others. */
export const postgresCheck = define("postgres");
export const kafkaCheck = define("kafka");

/** A check of what only reading from the WAL needs. */
export function walCheck<Name extends FactName>(
  name: string,
  needs: readonly Name[],
  judge: Judge<Name>,
): Check {
  return postgresCheck(name, needs, (facts, settings) =>
    settings.mode === "polling"
      ? skipped("RELAY_MODE is polling: the WAL is not read")
      : judge(facts, settings),
  );
}

function define(area: Finding["area"]) {
  return <Name extends FactName>(name: string, needs: readonly Name[], judge: Judge<Name>): Check => ({
    area,
    name,
    needs,
    judge,
  });
}
