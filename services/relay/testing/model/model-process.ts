import { createRelayFromPorts, type RelaySettings } from "../../application/factories/relay-factory.ts";
import type { RelayMode } from "../../application/relay-control.ts";
import { silentObserver } from "../silent-observer.ts";
import { brokerCalls, type FaultyCall, travelMs } from "./faults.ts";
import { createDatabasePorts } from "./model-ports.ts";
import { createModelPublisher } from "./model-publisher.ts";
import { createModelStream } from "./model-stream.ts";
import type { ModelProcess } from "./process-life.ts";
import type { World } from "./world.ts";

export interface RunningProcess extends ModelProcess {
  crash(why?: string): void;
  /** In order; what takes too long is abandoned. */
  stop(): void;
  /** Resolves when a stop is over. */
  readonly ended: Promise<void>;
}

const ABANDON_MS = 1_500;

const settings: Omit<RelaySettings, "mode"> = {
  controlIntervalMs: 50,
  pollIntervalMs: 60,
  tickIntervalMs: 100,
  tickTimeoutMs: 600,
  fallbackAfterMs: 1_000,
  queueBytes: 3_000,
  batchEvents: 3,
  batchBytes: 2_000,
};

export function startProcess(world: World, name: string, mode: RelayMode): RunningProcess {
  const { clock, random, faults, journal } = world;
  const endings: (() => void)[] = [];
  let isAlive = true;
  const never = new Promise<never>(() => {});

  function crash(why = "crashes"): void {
    if (!isAlive) return;
    journal.note(`${name} ${why}`);
    isAlive = false;
    for (const react of endings) react();
  }

  async function travel(): Promise<void> {
    await clock.delay(travelMs(random));
    if (!isAlive) await never;
  }

  async function fail(call: FaultyCall, when: "before" | "after", what: "reject" | "crash"): Promise<never> {
    journal.note(`${name}: ${call} fails ${when} its effect`);
    if (what === "crash") {
      crash();
      return never;
    }
    await travel();
    throw new Error(`connection lost during "${call}"`);
  }

  const process: ModelProcess = {
    name,
    get isAlive() {
      return isAlive;
    },
    holdsLease: false,
    travel,
    async call(call, effect) {
      await travel();
      const server = brokerCalls.has(call) ? "broker" : "database";
      if (clock.now < world.awayUntil[server]) throw new Error(`the ${server} is away`);
      const fault = faults.take(call);
      if (fault?.when === "before") return fail(call, fault.when, fault.what);
      const result = await effect();
      if (!isAlive) return never;
      if (fault?.when === "after") return fail(call, fault.when, fault.what);
      await travel();
      return result;
    },
    onEnd: (react) => void endings.push(react),
  };
  const publisher = createModelPublisher(world, process);
  process.onEnd(() => publisher.cut());
  const relay = createRelayFromPorts(
    {
      ...createDatabasePorts(world, process, publisher),
      stream: createModelStream(world, process),
      publisher,
      observer: { ...silentObserver, phase: (phase) => journal.note(`${name}: ${phase}`) },
      log: journal.logger(name),
    },
    { ...settings, mode },
  );
  journal.note(`${name} starts, RELAY_MODE ${mode}`);
  const stop = new AbortController();
  const abandon = new AbortController();
  const ended = relay.run(stop.signal, abandon.signal).then(() => crash("has stopped"));
  return Object.assign(process, {
    crash,
    stop() {
      if (stop.signal.aborted) return;
      journal.note(`${name} is asked to stop`);
      stop.abort();
      clock.after(ABANDON_MS, () => abandon.abort(new Error("the stop takes too long")));
    },
    ended,
  }) as RunningProcess;
}
