import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { type ProcessOptions, startProcess } from "./child-process.ts";
import { untilReady } from "./readiness.ts";

const folder = mkdtempSync(join(tmpdir(), "child-process-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function options(script: string): ProcessOptions {
  return {
    name: "the server",
    command: "/bin/sh",
    args: ["-c", script],
    logFile: join(folder, "server.log"),
    stopSignal: "SIGTERM",
  };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("a command that does not exist is an error that names it", async () => {
  const start = startProcess({ ...options(""), command: "/does/not/exist" });
  const failure = start.then(async (server) => {
    await untilReady("the server", server, () => Promise.reject(new Error("down")));
  });
  await expect(failure).rejects.toThrow("/does/not/exist");
});

test("a server that ends while it starts is an error with the last lines of its log", async () => {
  const server = await startProcess(options("echo 'no such disk' >&2; exit 3"));
  const ready = untilReady("the server", server, () => Promise.reject(new Error("down")));
  await expect(ready).rejects.toThrow(/ended while starting \(exit code 3\).*no such disk/s);
});

test("a server that never answers is ended, not left behind", async () => {
  const server = await startProcess(options("exec sleep 60"));
  const ready = untilReady("the server", server, () => Promise.reject(new Error("down")), { timeoutMs: 200 });
  await expect(ready).rejects.toThrow("did not answer within 0.2 s (down)");
  expect(isAlive(server.pid)).toBe(false);
});

test("stop is clean when the server obeys, and repeating it does nothing", async () => {
  const server = await startProcess(options("exec sleep 60"));
  await server.stop();
  await server.stop();
  expect(await server.exited).toBe("SIGTERM");
});

test("a server that ignores its stop signal is killed, and stop says so", async () => {
  const server = await startProcess(options("trap '' TERM; echo deaf; while :; do sleep 0.05; done"));
  await eventually(() => expect(server.lastOutput()).toContain("deaf"));
  await expect(server.stop("SIGTERM", 100)).rejects.toThrow(
    "had not ended 0.1 s after SIGTERM and was killed",
  );
  expect(isAlive(server.pid)).toBe(false);
});

test.runIf(process.platform === "linux")(
  "a server ends when the process that started it is killed",
  async () => {
    const starter = `
    import { startProcess } from ${JSON.stringify(join(import.meta.dirname, "child-process.ts"))};
    const server = await startProcess(${JSON.stringify(options("exec sleep 60"))});
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", starter], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = Number(await firstLine(parent));
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await eventually(() => expect(isAlive(pid)).toBe(false));
  },
);

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout ?? child, "data");
  return String(chunk).trim();
}
