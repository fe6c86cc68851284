export type TextStyle = "green" | "yellow" | "red" | "cyan" | "dim";

/** Where a command writes and asks. Results go to stdout and nothing else does, so that they can be piped on. */
export interface Terminal {
  /** A line of the result, on stdout. */
  result(line: string): void;
  /** A line for people, on stderr. */
  note(line: string): void;
  /** Progress, on stderr when that is a terminal: each replaces the one before; without a text it is cleared. */
  progress(text?: string): void;
  /** Draws these lines in the place of all that is on the screen; undefined where stdout is no terminal. */
  readonly redraw: ((lines: readonly string[]) => void) | undefined;
  /** From now on Ctrl-C (or a SIGTERM) aborts this and does not end the process. */
  interrupted(): AbortSignal;
  /** Undefined when there is nobody to ask. */
  confirm(question: string): Promise<boolean | undefined>;
  readonly bold: (text: string) => string;
  readonly styled: (style: TextStyle, text: string) => string;
  /** How many characters a line of the result may have: no end of them where stdout is no terminal. */
  readonly columns: number;
}
