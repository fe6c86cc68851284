import { readFileSync } from "node:fs";

/** Resident memory of a process, now (`VmRSS`) or at its highest (`VmHWM`), by proc(5); MB. Throws when it has ended. */
export function residentMemoryMb(pid: number, field: "VmHWM" | "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
}
