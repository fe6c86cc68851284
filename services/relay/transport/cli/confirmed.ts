import { UsageError } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Whether to go on with what cannot be undone. @throws UsageError when there is nobody to ask. */
export async function confirmed(terminal: Terminal, yes: boolean, question: string): Promise<boolean> {
  if (yes) return true;
  const answer = await terminal.confirm(question);
  if (answer === undefined) throw new UsageError("nobody is there to confirm it; add --yes to do it");
  if (!answer) terminal.note("nothing was done");
  return answer;
}
