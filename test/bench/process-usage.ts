import { readFileSync } from "node:fs";
import { residentMemoryMb } from "../support/process-memory.ts";

/** What a process takes, by proc(5). */
export interface ProcessUsage {
  /** CPU time between two points in time (ms since 1970), of all threads; ms. */
  cpuBetween(from: number, to: number): number;
  /** The highest resident memory that it has had; MB. */
  readonly peakMemoryMb: number;
  /** Ends the sampling. */
  stop(): void;
}

const SAMPLE_MS = 20;
/** A tick of the kernel's accounts, USER_HZ; ms. */
const TICK_MS = 10;

/** Samples until `stop`, or until the process is gone. Linux only. */
export function sampleUsage(pid: number): ProcessUsage {
  const samples: { readonly at: number; readonly cpu: number }[] = [];
  let peakMemoryMb = 0;
  const timer = setInterval(sample, SAMPLE_MS);

  function sample(): void {
    try {
      samples.push({ at: Date.now(), cpu: cpuMs(pid) });
      if (samples.length % 10 === 1) peakMemoryMb = Math.max(peakMemoryMb, residentMemoryMb(pid, "VmHWM"));
    } catch {
      clearInterval(timer);
    }
  }

  function cpuAt(time: number): number {
    const next = samples.findIndex(({ at }) => at >= time);
    const [before, after] = [samples[Math.max(next - 1, 0)], samples[next]];
    if (!before || !after) throw new Error("the process was not observed at that time");
    if (after.at === before.at) return after.cpu;
    return before.cpu + ((after.cpu - before.cpu) * (time - before.at)) / (after.at - before.at);
  }

  sample();
  return {
    cpuBetween: (from, to) => cpuAt(to) - cpuAt(from),
    get peakMemoryMb() {
      return peakMemoryMb;
    },
    stop() {
      sample();
      clearInterval(timer);
    },
  };
}

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the name, which may contain anything, in parentheses: utime and stime are fields 14 and 15 of all.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
