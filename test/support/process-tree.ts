import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface ProcessEntry {
  readonly pid: number;
  readonly command: string;
}

/** The processes that descend from this one, as they are now. */
export function descendantsOf(root: number): ProcessEntry[] {
  const all = process.platform === "linux" ? fromProc() : fromPs();
  const found: ProcessEntry[] = [];
  const parents = [root];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const { pid, ppid, command } of all) {
      if (ppid !== parent) continue;
      found.push({ pid, command });
      parents.push(pid);
    }
  }
  return found;
}

/** Those of the processes that still run. */
export function stillRunning(processes: readonly ProcessEntry[]): ProcessEntry[] {
  return processes.filter(({ pid }) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}

// Not by ps: a bare Debian has none.
function fromProc(): (ProcessEntry & { ppid: number })[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const ppid = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8"))?.[1]);
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return [{ pid: Number(name), ppid, command }];
      } catch {
        return []; // it has ended meanwhile
      }
    });
}

function fromPs(): (ProcessEntry & { ppid: number })[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,command="], { encoding: "utf8" });
  return Array.from(rows.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm), ([, pid, ppid, command = ""]) => ({
    pid: Number(pid),
    ppid: Number(ppid),
    command,
  }));
}
