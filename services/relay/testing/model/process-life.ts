import type { FaultyCall } from "./faults.ts";

/** A relay's process: the real relay behind ports that end with it. */
export interface ModelProcess {
  readonly name: string;
  readonly isAlive: boolean;
  /** The fence is open. */
  holdsLease: boolean;
  /** A request to a server: it takes time, its faults are scripted, and nothing comes back to a process that has ended. */
  call<T>(call: FaultyCall, effect: () => T | Promise<T>): Promise<T>;
  /** The way to the server, or back. */
  travel(): Promise<void>;
  /** The process ends, as by `kill -9`. */
  onEnd(react: () => void): void;
}
