import type { Finding, Status } from "../../application/doctor/finding.ts";
import { flag, jsonOption, noPositionals, text } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { findingLines, summaryLine } from "./doctor-lines.ts";

export const examineRelay = defineCommand(
  {
    name: "doctor",
    usage: "[--role R] [--problems] [--json]",
    summary: "check all that the relay needs of Postgres and Kafka, and name each repair",
    about: [
      "Looks at settings, rights, tables, publication, slot, standbys, transactions, brokers, topics and limits, and changes",
      "nothing. What is below a finding repairs it: statements and commands can be run as they stand. It works before the",
      "relay has ever run, and takes the relay's own variables (.env.example): run it with those. With another role than the",
      "relay's in DATABASE_URL, --role names the relay's: it is that one whose rights are looked at.",
      "",
      "  ok       as it should be",
      "  warning  it works, but less well, less safely, or not for long",
      "  failed   the relay cannot do its work so, or events could be lost",
      "  skipped  it does not apply, or cannot be known from here",
      "",
      "Exits with 1 when something has failed.",
    ],
    options: {
      role: { value: "R", help: "whose rights are looked at; without it those of DATABASE_URL's role" },
      problems: { help: "show warnings and failures only" },
      ...jsonOption,
    },
    examples: [
      "outbox doctor",
      "outbox doctor --role outbox_relay --problems",
      "outbox doctor --json | jq '.findings[].check'",
    ],
    needsRelay: false,
  },
  (given) => {
    noPositionals(given);
    return { role: text(given, "role"), problems: flag(given, "problems"), json: flag(given, "json") };
  },
  async ({ role, problems, json }, { operations, terminal, relay }) => {
    const findings: Finding[] = [];
    let area: Finding["area"] | undefined;
    for await (const finding of operations.doctor.examine(role)) {
      findings.push(finding);
      if (json || (problems && !isProblem(finding.status))) continue;
      if (finding.area !== area) {
        area = finding.area;
        terminal.result(terminal.bold(area === "postgres" ? "Postgres" : "Kafka"));
      }
      for (const line of findingLines(finding, terminal)) terminal.result(line);
    }
    const counts = countByStatus(findings);
    if (json) terminal.result(JSON.stringify({ relay, counts, findings }));
    else terminal.result(summaryLine(counts, terminal));
    return counts.failed > 0 ? 1 : 0;
  },
);

const isProblem = (status: Status) => status === "warning" || status === "failed";

function countByStatus(findings: readonly Finding[]): Record<Status, number> {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 };
  for (const { status } of findings) counts[status] += 1;
  return counts;
}
