import { randomBytes } from "node:crypto";
import type { CheckResult } from "../../services/relay/testing/outbox-check.ts";
import { openKafka, openPostgres } from "../support/own-servers.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import type { CaseOutcome, ChaosCase, ChaosContext } from "./case.ts";
import { createRandom } from "./random.ts";
import { openScene, type Scene } from "./scene.ts";

export interface CaseReport {
  readonly name: string;
  readonly check: CheckResult | undefined;
  readonly recoveryMs: number | undefined;
  readonly recoveryLimitMs: number | undefined;
  readonly memoryMb: number;
  readonly durationMs: number;
  /** Sentences; none when all held. */
  readonly faults: readonly string[];
  /** Beyond a limit of time, which a busy machine may be the reason of. */
  readonly isSlow: boolean;
  /** The relays' last lines, when something did not hold. */
  readonly logs: readonly string[];
}

export interface RunOptions {
  readonly short: boolean;
  readonly seed: number;
  readonly postgresUrl: string;
  readonly brokers: string;
  /** What the names of databases begin with. */
  readonly prefix: string;
  readonly log: (line: string) => void;
  /** Calls the case off. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 180_000;
const MEMORY_SAMPLE_MS = 250;

/** Runs the case and gives back all that it has taken, whatever comes. Never rejects. */
export async function runCase(chaosCase: ChaosCase, options: RunOptions): Promise<CaseReport> {
  const { name, timeoutMs = DEFAULT_TIMEOUT_MS } = chaosCase;
  const began = performance.now();
  const scenes: Scene[] = [];
  const stack = new AsyncDisposableStack();
  const context = contextFor(chaosCase, options, stack, scenes);
  const relays = () => scenes.flatMap((scene) => scene.relays);
  const memory = () => Math.max(0, ...relays().map(({ peakMemoryMb }) => peakMemoryMb));
  const sampling = setInterval(memory, MEMORY_SAMPLE_MS);
  const faults: string[] = [];
  let outcome: CaseOutcome | undefined;
  try {
    outcome = await within(timeoutMs, options.signal, () => chaosCase.run(context));
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
    if (process.env.CHAOS_TRACE) options.log(String((error as Error)?.stack));
  }
  const memoryMb = memory();
  clearInterval(sampling);
  faults.push(...(outcome?.faults ?? []), ...wrongNumbers(outcome));
  const { recoveryLimitMs, memoryLimitMb = Number.POSITIVE_INFINITY } = chaosCase;
  if (memoryMb > memoryLimitMb)
    faults.push(`a relay took ${memoryMb.toFixed(0)} MB, more than ${memoryLimitMb}`);
  const logs = faults.length === 0 ? [] : lastLogs(relays());
  await stack.disposeAsync().catch((error) => faults.push(`after the case: ${messagesOf(error)}`));
  const recoveryMs = outcome?.recoveryMs;
  return {
    name,
    check: outcome?.check,
    recoveryMs,
    recoveryLimitMs,
    memoryMb,
    durationMs: performance.now() - began,
    faults,
    isSlow: recoveryMs !== undefined && recoveryLimitMs !== undefined && recoveryMs > recoveryLimitMs,
    logs,
  };
}

function contextFor(
  { name }: ChaosCase,
  options: RunOptions,
  stack: AsyncDisposableStack,
  scenes: Scene[],
): ChaosContext {
  const random = createRandom(options.seed, name);
  // Writers draw in an order of their own: the points of the faults are the same again with the same seed.
  const writing = createRandom(options.seed, `${name}, load`);
  return {
    short: options.short,
    random,
    log: (line) => options.log(`  ${line}`),
    async scene(wanted = {}) {
      const database = `${options.prefix}${randomBytes(5).toString("hex")}`;
      const { postgresUrl, brokers } = options;
      const scene = await openScene(
        database,
        { postgresUrl, brokers, drop: wanted.postgresUrl === undefined, ...wanted },
        writing,
      );
      stack.defer(() => scene.dispose());
      scenes.push(scene);
      return scene;
    },
    async ownPostgres(settings) {
      const postgres = await openPostgres(settings);
      stack.defer(() => postgres.dispose());
      return postgres;
    },
    async ownKafka(settings, port) {
      const kafka = await openKafka(settings, port);
      stack.defer(() => kafka.dispose());
      return kafka;
    },
    async proxy(target) {
      const proxy = await startTcpProxy(target);
      stack.defer(() => proxy.close());
      return proxy;
    },
  };
}

async function within<T>(ms: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(new Error(`not over after ${ms / 1000} s`)), ms);
  const onAbort = () => over.reject(new Error("called off"));
  signal?.addEventListener("abort", onAbort);
  const working = work();
  working.catch(() => {}); // when time ran out before
  try {
    signal?.throwIfAborted();
    return await Promise.race([working, over.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function wrongNumbers(outcome: CaseOutcome | undefined): string[] {
  if (!outcome) return [];
  const { check, expectedParked = 0 } = outcome;
  const wrong = (["lost", "repeated", "foreign", "outOfOrder", "changed"] as const)
    .filter((name) => check[name].length > 0)
    .map((name) => `${name}: ${check[name].slice(0, 3).join(", ")}${check[name].length > 3 ? ", …" : ""}`);
  if (check.committed === 0) wrong.push("nothing was committed: the case shows nothing");
  if (check.parked.length !== expectedParked)
    wrong.push(`${check.parked.length} events are parked, not ${expectedParked}`);
  return wrong;
}

function lastLogs(relays: readonly Scene["relays"][number][]): string[] {
  return relays.slice(-3).flatMap(({ name, lastLog }) => [`--- relay ${name}`, ...lastLog()]);
}

function messagesOf(error: unknown): string {
  if (error instanceof SuppressedError) return `${messagesOf(error.error)}; ${messagesOf(error.suppressed)}`;
  return error instanceof Error ? error.message : String(error);
}
