import { oldestUnpublishedMs } from "../health/flow-facts.ts";
import { healthOf } from "../health/health.ts";
import type { Seen } from "../health/seen.ts";
import type { DatedWish } from "../operations/control-desk.ts";
import type { OutboxState } from "../outbox-figures.ts";
import type { FlowMeter } from "./flow-meter.ts";
import type { LiveState } from "./live-state.ts";
import type { OperatorsView } from "./operators-view.ts";
import { createSampleRing, type SampleRow } from "./sample-ring.ts";

/** Port: the newest that SQL has told, kept by who asks it. */
export interface NewestFigures {
  readonly state: OutboxState | undefined;
  /** Why it tells nothing newer. */
  readonly problem: string | undefined;
}

/** What this process shows of itself to people: the last ten minutes, and each second as it comes. */
export interface LiveView {
  /** Another one for each start of the process: sample numbers begin anew. */
  readonly run: string;
  readonly newestSample: number;
  samplesAfter(number: number): SampleRow[];
  state(): LiveState;
  /** Resolves when there is a sample with a higher number, or with false once there will be none. */
  sampleAfter(number: number): Promise<boolean>;
  stop(): void;
}

const SAMPLES = 600;
const SAMPLE_MS = 1_000;

export interface LiveViewParts {
  readonly relay: string;
  readonly run: string;
  readonly meter: FlowMeter;
  readonly figures: NewestFigures;
  readonly operators: OperatorsView;
  readonly now: () => number;
}

export function startLiveView({ relay, run, meter, figures, operators, now }: LiveViewParts): LiveView {
  const ring = createSampleRing(SAMPLES);
  let waiting: ((goesOn: boolean) => void)[] = [];
  let stopped = false;

  function seen(): Seen {
    const process = meter.seen();
    return {
      now: now(),
      figures: figures.state,
      figuresProblem: figures.problem,
      modeReason: operators.history?.find(({ toMode }) => toMode !== undefined)?.reason,
      pause: process.phase === "paused" ? process.phaseReason : operators.pause && pausedBy(operators.pause),
      process,
    };
  }

  function takeSample(): void {
    const flow = meter.endSecond();
    const moment = seen();
    const leader = moment.process?.isLeader ? moment.process : undefined;
    ring.add({
      at: moment.now,
      events: leader && flow.events,
      p50Ms: flow.latency?.p50Ms,
      p99Ms: flow.latency?.p99Ms,
      oldestUnpublishedMs: oldestUnpublishedMs(moment),
      heartbeatLagMs: leader?.phase === "streaming" ? leader.heartbeatLagMs : undefined,
      retainedWalBytes: moment.figures?.slot?.retainedWalBytes,
    });
    tell(true);
  }

  function tell(goesOn: boolean): void {
    const told = waiting;
    waiting = [];
    for (const resolve of told) resolve(goesOn);
  }

  const timer = setInterval(takeSample, SAMPLE_MS);

  return {
    run,
    get newestSample() {
      return ring.newest;
    },
    samplesAfter: (number) => ring.after(number),
    state() {
      const moment = seen();
      return {
        relay,
        process: meter.seen().name,
        isLeader: meter.seen().isLeader,
        at: moment.now,
        health: healthOf(moment),
        history: operators.history,
      };
    },
    sampleAfter(number) {
      if (stopped) return Promise.resolve(false);
      void operators.refresh();
      if (ring.newest > number) return Promise.resolve(true);
      return new Promise((resolve) => waiting.push(resolve));
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      tell(false);
    },
  };
}

/** As the leader words it. */
const pausedBy = ({ by, reason }: DatedWish): string =>
  `paused by ${reason === undefined ? by : `${by}: ${reason}`}`;
