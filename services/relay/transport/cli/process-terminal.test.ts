import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { createProcessTerminal } from "./process-terminal.ts";

function fakeProcess(isTTY: boolean) {
  const written: string[] = [];
  const stream = {
    isTTY,
    columns: isTTY ? 80 : undefined,
    rows: isTTY ? 4 : undefined,
    write: (text: string) => written.push(text),
  };
  const process = Object.assign(new EventEmitter(), { stdin: stream, stdout: stream, stderr: stream });
  return { process: process as unknown as NodeJS.Process, written };
}

test("a screen is drawn over the one before, and not longer than it is high", () => {
  const { process, written } = fakeProcess(true);
  createProcessTerminal(process).redraw?.(["one", "two", "three", "four"]);
  expect(written).toEqual(["\x1b[Hone\x1b[K\ntwo\x1b[K\nthree\x1b[K\n\x1b[J"]);
});

test("what is no terminal has no screen, and lines without an end", () => {
  const terminal = createProcessTerminal(fakeProcess(false).process);
  expect(terminal.redraw).toBeUndefined();
  expect(terminal.columns).toBe(Number.POSITIVE_INFINITY);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s is heard once it is listened for", (signal) => {
  const { process } = fakeProcess(true);
  const ended = createProcessTerminal(process).interrupted();
  expect(ended.aborted).toBe(false);
  process.emit(signal);
  expect(ended.aborted).toBe(true);
});
