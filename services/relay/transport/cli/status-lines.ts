import type { Fact, FactName, Health, Verdict } from "../../application/health/fact.ts";
import { count } from "../../application/health/wording.ts";
import type { RelayStatus } from "../../application/operations/read-status.ts";
import { formatTime, printable, renderTable } from "./table.ts";
import type { Terminal, TextStyle } from "./terminal.ts";
import { wrap } from "./wrap.ts";

type Look = Pick<Terminal, "bold" | "styled" | "columns">;

/** What only the leader's own process knows is on its page and in its metrics. */
const shown: ReadonlySet<FactName> = new Set([
  "mode",
  "leader",
  "standbys",
  "oldestUnpublished",
  "deadLetters",
  "slot",
  "figures",
  "clock",
]);

const statusStyles: Readonly<Record<Health["status"], TextStyle>> = {
  fine: "green",
  degraded: "yellow",
  stopped: "red",
};
const verdictStyles: Readonly<Record<Verdict, TextStyle>> = { ...statusStyles, note: "dim" };

/** One screen: is it fine, why not, what helps; then the figures and the last changes. */
export function statusLines(relay: string, status: RelayStatus, look: Look): string[] {
  const { health, changes } = status;
  const word = look.styled(statusStyles[health.status], health.status.toUpperCase());
  const head = wrap(printable(health.summary), look.columns - relay.length - health.status.length - 4);
  return [
    `${look.bold(relay)}  ${word}  ${head[0]}`,
    ...head.slice(1).map((line) => `  ${line}`),
    ...health.advice.flatMap((advice, i) => adviceLines(advice, i > 0, look)),
    "",
    ...figureLines(status, look),
    ...(changes.length > 0 ? ["", look.bold("Last changes of the mode"), ...changeLines(status, look)] : []),
  ];
}

/** Elsewhere it is what helps next. */
const HERE = "npx outbox status";

function adviceLines(
  { what, todo, command, runbook }: Health["advice"][number],
  isFurther: boolean,
  { styled, columns }: Look,
): string[] {
  // The first is the summary.
  const text = isFurther ? [what, todo] : [todo];
  return [
    ...text.flatMap((sentence) => wrap(printable(sentence), columns - 2)).map((line) => `  ${line}`),
    `  ${command === HERE ? "" : `${styled("cyan", `> ${command}`)}  `}${styled("dim", `docs/runbooks/${runbook}.md`)}`,
  ];
}

function figureLines({ health, figures, control }: RelayStatus, { bold, styled, columns }: Look): string[] {
  const rows = health.facts
    .filter(({ name, verdict }) => shown.has(name) && !(name === "figures" && verdict === "fine"))
    .map(rowOf);
  const at = 1 + rows.findIndex(({ title }) => title === "Oldest unpublished event");
  if (figures) {
    const events = `${figures.unpublishedIsAtLeast ? "at least " : ""}${count(figures.unpublishedEvents)}`;
    rows.splice(at, 0, { title: "Unpublished", value: `${events} events`, words: "", verdict: "fine" });
  }
  const override = control?.override;
  if (override) {
    const words = `set by ${override.by} at ${formatTime(override.at)}; configured: ${control.configured ?? "not known"}`;
    rows.splice(1, 0, { title: "Mode set", value: override.mode, words, verdict: "note" });
  }
  const titleWidth = Math.max(...rows.map(({ title }) => title.length));
  const valueWidth = Math.max(...rows.map(({ value }) => value.length));
  const indent = titleWidth + valueWidth + 4;
  return rows.flatMap(({ title, value, words, verdict }) => {
    const text = wrap(printable(words), Math.max(LEAST_WORDS_WIDTH, columns - indent));
    const start = `${bold(title.padEnd(titleWidth))}  ${printable(value).padEnd(valueWidth)}  `;
    return text.map((line, i) =>
      `${i === 0 ? start : " ".repeat(indent)}${styled(verdictStyles[verdict], line)}`.trimEnd(),
    );
  });
}

const LEAST_WORDS_WIDTH = 16;
const rowOf = ({ title, value, words, verdict }: Fact) => ({ title, value, words, verdict });

const changeColumns = [{ title: "AT" }, { title: "MODE" }, { title: "WHY" }] as const;

function changeLines({ changes }: RelayStatus, { columns }: Look): string[] {
  const rows = changes.map(({ at, fromMode, toMode, reason }) => [
    formatTime(at),
    `${fromMode ?? "none"} > ${toMode}`,
    reason,
  ]);
  return renderTable(changeColumns, rows).lines.map((line) => {
    const text = `  ${line}`;
    return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  });
}

/** A line for programs: what SQL tells, and how it is judged. */
export function statusJson(relay: string, { at, health, figures, control, changes }: RelayStatus): string {
  const { status, summary, advice, facts } = health;
  const told = facts.filter(({ name }) => shown.has(name)).map(({ advice: _, ...fact }) => fact);
  const state = figures && { ...figures, epoch: String(figures.epoch) };
  return JSON.stringify({
    at: new Date(at),
    relay,
    status,
    summary,
    advice,
    facts: told,
    figures: state,
    control,
    changes,
  });
}
