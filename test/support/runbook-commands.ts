/** A command that a runbook gives: a line of a `sh` block, a statement of a `sql` block, or one within a sentence. */
export interface RunbookCommand {
  readonly language: "sh" | "sql";
  readonly text: string;
  /** Of a block marked `test`: it only looks, and the relay's role may run it. */
  readonly onlyLooks: boolean;
}

const FENCE = /^ *```(\w+)([^\n]*)\n(.*?)^ *```/gms;
/** What a sentence names and is no command to run, is written otherwise. */
const COMMAND = /^(npx|curl|kcat|redis-cli|select|alter)\s/;

/** In the order of the page: blocks first. */
export function readRunbookCommands(markdown: string): RunbookCommand[] {
  const blocks = Array.from(markdown.matchAll(FENCE)).flatMap(([, language, mark = "", body = ""]) => {
    if (language !== "sh" && language !== "sql") return [];
    const texts = language === "sh" ? linesOf(body) : statementsOf(body);
    return texts.map((text): RunbookCommand => ({ language, text, onlyLooks: mark.trim() === "test" }));
  });
  const sentences = markdown.replaceAll(FENCE, "").matchAll(/`([^`]+)`/g);
  const within = Array.from(sentences, ([, text = ""]) => text.replaceAll(/\s+/g, " "))
    .filter((text) => COMMAND.test(text))
    .flatMap((text): RunbookCommand[] => {
      if (!/^(select|alter) /.test(text)) return [{ language: "sh", text, onlyLooks: false }];
      return statementsOf(text).map((statement) => ({ language: "sql", text: statement, onlyLooks: false }));
    });
  return [...blocks, ...within];
}

function linesOf(body: string): string[] {
  return body
    .split("\n")
    .map((line) => line.replace(/(^|\s+)# .*$/, "").trim())
    .filter((line) => line !== "");
}

function statementsOf(body: string): string[] {
  return body
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
