import type { CheckResult } from "../../services/relay/testing/outbox-check.ts";
import type { OwnKafka, OwnPostgres } from "../support/own-servers.ts";
import type { ProxyOptions, TcpProxy } from "../support/tcp-proxy.ts";
import type { Random } from "./random.ts";
import type { Scene, SceneOptions } from "./scene.ts";

/** One fault, or one way of writing, with what has to hold in spite of it. */
export interface ChaosCase {
  readonly name: string;
  /** Part of the short form as well. */
  readonly short: boolean;
  /** The whole case; it is given up, and counts as failed, after this. */
  readonly timeoutMs?: number;
  /** The relay has to be publishing again within this time after the fault. */
  readonly recoveryLimitMs?: number;
  /** Peak of any relay's resident memory. */
  readonly memoryLimitMb?: number;
  run(context: ChaosContext): Promise<CaseOutcome>;
}

/** What a case itself has to say; memory and the like are added by who runs it. */
export interface CaseOutcome {
  readonly check: CheckResult;
  /** The longest of the case, where it measures one. */
  readonly recoveryMs?: number;
  /** What did not hold, beside the numbers of the check. */
  readonly faults?: readonly string[];
  /** How many letters are left to lie when all is over. */
  readonly expectedParked?: number;
}

export interface ChaosContext {
  /** The short form: fewer rounds. */
  readonly short: boolean;
  readonly random: Random;
  log(line: string): void;
  /** A database, a topic and a slot of its own, on the servers given or else on those that the cases share. */
  scene(options?: SceneOptions): Promise<Scene>;
  /** Servers of the case's own, which it may stop; all are stopped when it is over. */
  ownPostgres(settings?: Readonly<Record<string, string>>): Promise<OwnPostgres>;
  ownKafka(settings?: Readonly<Record<string, string>>, port?: number): Promise<OwnKafka>;
  proxy(target: ProxyOptions): Promise<TcpProxy>;
}
