import type { Finding, Repair, Status } from "../../application/doctor/finding.ts";
import { printable } from "./table.ts";
import type { Terminal, TextStyle } from "./terminal.ts";
import { wrap } from "./wrap.ts";

type Look = Pick<Terminal, "styled" | "columns">;

const STATUS_WIDTH = "warning".length;
const NAME_WIDTH = "idle_replication_slot_timeout".length;
const INDENT = 2 + STATUS_WIDTH + 2 + NAME_WIDTH + 2;
/** On a narrow terminal what was found goes below the name. */
const NARROW_INDENT = 4;
const LEAST_TEXT_WIDTH = 40;

const styles: Readonly<Record<Status, TextStyle>> = {
  ok: "green",
  warning: "yellow",
  failed: "red",
  skipped: "dim",
};

/** The finding, and below it what repairs it. Statements and commands are never broken, so that they can be copied. */
export function findingLines({ status, check, found, ...rest }: Finding, look: Look): string[] {
  const { styled, columns } = look;
  const head = `  ${styled(styles[status], status.padEnd(STATUS_WIDTH))}  ${check}`;
  const isNarrow = columns < INDENT + LEAST_TEXT_WIDTH;
  const indent = " ".repeat(isNarrow ? NARROW_INDENT : INDENT);
  const text = wrap(printable(found), columns - indent.length);
  const padding = " ".repeat(Math.max(1, NAME_WIDTH - check.length + 2));
  const lines = isNarrow
    ? [head, ...text.map((line) => indent + line)]
    : text.map((line, i) => (i === 0 ? head + padding : indent) + line);
  return [...lines, ...repairLines("repair" in rest ? rest.repair : undefined, indent, look)];
}

function repairLines(repair: Repair | undefined, indent: string, { styled, columns }: Look): string[] {
  const typed = [...(repair?.sql ?? []), ...(repair?.commands ?? [])].flatMap((text) => text.split("\n"));
  const note = repair?.note === undefined ? [] : wrap(printable(repair.note), columns - indent.length - 2);
  return [
    ...typed.map((line) => `${indent}${styled("cyan", `> ${printable(line)}`)}`),
    ...note.map((line) => `${indent}${typed.length > 0 ? "  " : "> "}${line}`),
  ];
}

export function summaryLine(counts: Readonly<Record<Status, number>>, { styled }: Look): string {
  const parts = (["ok", "warning", "failed", "skipped"] as const)
    .filter((status) => counts[status] > 0)
    .map((status) => styled(styles[status], `${counts[status]} ${status}`));
  return parts.join(", ");
}
