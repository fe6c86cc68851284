export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** A longer text is cut. */
  readonly max?: number;
}

/** The lines of a table: the titles, then a line for each row; columns that are empty in all rows are left out. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): { readonly titles: string; readonly lines: readonly string[] } {
  const cells = rows.map((row) => columns.map(({ max }, i) => cut(printable(row[i] ?? ""), max)));
  const shown = columns.map((_, i) => i).filter((i) => cells.some((row) => row[i] !== ""));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => width(row[i]))));
  const line = (row: readonly string[]) =>
    shown
      .map((i) => pad(row[i] ?? "", widths[i] ?? 0, columns[i]?.align))
      .join("  ")
      .trimEnd();
  return { titles: line(columns.map(({ title }) => title)), lines: cells.map(line) };
}

/** Text out of the database must not steer the terminal, nor break the line. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}|[\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

export function formatTime(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")}Z`;
}

function cut(text: string, max = Number.POSITIVE_INFINITY): string {
  const characters = [...text];
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join("")}…`;
}

function width(text = ""): number {
  return [...text].length;
}

function pad(text: string, to: number, align: "left" | "right" = "left"): string {
  const spaces = " ".repeat(Math.max(0, to - width(text)));
  return align === "right" ? spaces + text : text + spaces;
}
