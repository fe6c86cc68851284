import { expect, test } from "vitest";
import { runProgram } from "./run-program.ts";

test("resolves with what the program printed", async () => {
  expect(await runProgram("/bin/sh", ["-c", "echo out; echo err >&2"])).toEqual({
    stdout: "out\n",
    stderr: "err\n",
  });
});

test("rejects with what the program printed when it fails, or does not exist", async () => {
  await expect(runProgram("/bin/sh", ["-c", "echo why >&2; exit 3"])).rejects.toMatchObject({
    code: 3,
    stderr: "why\n",
  });
  await expect(runProgram("/does/not/exist", [])).rejects.toMatchObject({ code: "ENOENT" });
});

test("called off, it rejects when the program has ended and not before", async () => {
  const stop = new AbortController();
  const script = "trap 'sleep 0.3; exit 1' TERM; while :; do sleep 0.05; done";
  const running = runProgram("/bin/sh", ["-c", script], { signal: stop.signal });
  setTimeout(() => stop.abort(), 200);
  const begin = performance.now();
  await expect(running).rejects.toMatchObject({ name: "AbortError" });
  expect(performance.now() - begin).toBeGreaterThan(450);
});
