import { eventually } from "./eventually.ts";
import { residentMemoryMb } from "./process-memory.ts";
import { spawnService } from "./service-process.ts";

/** `node services/relay/main.ts`, with signals. */
export interface RelayProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it says that it is ready: leading and able to publish, or standing by. */
  ready(timeoutMs?: number): Promise<void>;
  /** Why it is not ready, or undefined. */
  notReady(): Promise<string | undefined>;
  leads(): Promise<boolean>;
  metric(name: string): Promise<number>;
  /** Freezes it (SIGSTOP) or lets it go on. */
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  /** The highest resident memory that it has had (VmHWM of proc(5)); MB. */
  readonly peakMemoryMb: number;
  readonly memoryMb: number;
  readonly hasEnded: boolean;
  lastLog(): readonly string[];
}

const KEPT_LINES = 120;

export function spawnRelayProcess(name: string, environment: Readonly<Record<string, string>>): RelayProcess {
  const lines: string[] = [];
  const service = spawnService("relay", environment, (line) => {
    // kafkajs' tries to connect, one a second, would leave room for nothing else.
    if (/"kafka":"(Connection|BrokerPool)"/.test(line)) return;
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  });
  const { pid } = service;
  let hasEnded = false;
  let peak = 0;
  void service.ended().then(() => {
    hasEnded = true;
  });

  function memory(field: "VmHWM" | "VmRSS"): number {
    try {
      return residentMemoryMb(pid, field);
    } catch {
      return 0; // it has ended
    }
  }
  async function ask(path: string): Promise<Response> {
    const { opsPort } = await service.started();
    return fetch(`http://127.0.0.1:${opsPort}${path}`, { signal: AbortSignal.timeout(2_000) });
  }
  async function metric(metricName: string): Promise<number> {
    const text = await (await ask("/metrics")).text();
    const values = text.matchAll(new RegExp(`^${metricName}(?:\\{[^}]*\\})? (\\S+)$`, "gm"));
    return Array.from(values).reduce((sum, [, value]) => sum + Number(value), 0);
  }
  async function notReady(): Promise<string | undefined> {
    const response = await ask("/readyz");
    const text = await response.text();
    return response.ok ? undefined : text;
  }
  const signal = (which: NodeJS.Signals) => {
    if (!hasEnded) process.kill(pid, which);
  };

  return {
    name,
    pid,
    notReady,
    metric,
    async ready(timeoutMs = 30_000) {
      await eventually(
        async () => {
          const reason = await notReady();
          if (reason !== undefined) throw new Error(`relay ${name} is not ready: ${reason}`);
        },
        { timeoutMs, intervalMs: 50 },
      );
    },
    leads: async () => (await metric("outbox_relay_leader")) === 1,
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    async kill() {
      await service.end("SIGKILL");
    },
    stop: () => service.end("SIGTERM"),
    get peakMemoryMb() {
      peak = Math.max(peak, memory("VmHWM"));
      return peak;
    },
    get memoryMb() {
      return memory("VmRSS");
    },
    get hasEnded() {
      return hasEnded;
    },
    lastLog: () => [...lines, ...service.errors().split("\n").slice(-10)],
  };
}
