import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Runs a service in a process of its own, whose start is the body given: `log`, `lifecycle` and `process` are at hand. */
function run(body: string) {
  const script = `
    import { z } from "zod";
    import { commonVariables } from ${module("config.ts")};
    import { runService } from ${module("run-service.ts")};
    await runService("test", z.object(commonVariables), async (config, { log, lifecycle }) => { ${body} });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return output.then(([log, errors, [code]]) => ({
    code,
    errors,
    messages: log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  }));
}

test("SIGTERM releases all that was acquired, last in, first out, and ends with exit code 0", async () => {
  const { code, messages, errors } = await run(`
    const released = [];
    lifecycle.onStop("first", () => log.info({ released: [...released, "first"] }, "released"));
    lifecycle.onStop("second", () => released.push("second"));
    setInterval(() => {}, 1000);
    process.kill(process.pid, "SIGTERM");
  `);
  expect(code).toBe(0);
  expect(errors).toBe("");
  // Not by the order of the lines: one that the pipe does not take at once is written again later.
  const texts = messages.map(({ msg }) => msg);
  expect(texts.sort()).toEqual(["released", "starting", "stopped", "stopping"]);
  expect(messages.find(({ msg }) => msg === "released").released).toEqual(["second", "first"]);
});

test("a release that fails makes the exit code 1", async () => {
  const { code } = await run(`
    lifecycle.onStop("broken", () => { throw new Error("planted"); });
    process.kill(process.pid, "SIGINT");
    setInterval(() => {}, 1000);
  `);
  expect(code).toBe(1);
});

test.each([
  ["a start that fails", 'throw new Error("planted");', "start failed"],
  [
    "an exception that nobody catches",
    'setTimeout(() => { throw new Error("planted"); });',
    "uncaught exception",
  ],
  ["a rejection that nobody handles", 'Promise.reject(new Error("planted"));', "uncaught exception"],
])("%s releases what was acquired, says why and ends with exit code 1", async (_, fault, message) => {
  const { code, messages } = await run(`
    lifecycle.onStop("pool", () => log.info("released"));
    setInterval(() => {}, 1000);
    ${fault}
  `);
  expect(code).toBe(1);
  expect(messages).toContainEqual(
    expect.objectContaining({ msg: message, err: expect.objectContaining({ message: "planted" }) }),
  );
  expect(messages.map(({ msg }) => msg)).toContain("released");
});

test("of Node's warnings the one that the Kafka client causes is dropped, all others are logged, and none is printed", async () => {
  const { messages, errors } = await run(`
    process.emitWarning("negative", "TimeoutNegativeWarning");
    process.emitWarning("too many listeners", "MaxListenersExceededWarning");
    process.emitWarning("old", "DeprecationWarning");
    setTimeout(() => process.kill(process.pid, "SIGTERM"), -5);
    setInterval(() => {}, 1000);
  `);
  expect(errors).toBe("");
  const warnings = messages.filter(({ msg }) => msg === "process warning");
  expect(warnings.map(({ err }) => err.message)).toEqual(["too many listeners", "old"]);
});
