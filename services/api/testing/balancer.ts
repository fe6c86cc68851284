import { setTimeout as sleep } from "node:timers/promises";
import { type Door, openDoors } from "./doors.ts";

export interface Target {
  readonly restUrl: string;
  readonly grpcUrl: string;
  readonly opsUrl: string;
}

/** Sends each call to one of the targets that say they are ready, in turn, over connections that it keeps. */
export interface Balancer {
  door(name: string): Door;
  /** Resolves when it is ready. */
  add(target: Target): Promise<void>;
  close(): Promise<void>;
}

/** As often as a balancer looks at its targets; so long it may send calls to one that is not ready any more. */
const LOOK_MS = 100;

interface Member {
  readonly opsUrl: string;
  readonly doors: Readonly<Record<string, Door>>;
}

export function createBalancer(): Balancer {
  const members = new Set<Member>();
  let ready: readonly Member[] = [];
  let turn = 0;
  const closing = new AbortController();

  async function look(): Promise<void> {
    const answers = await Promise.all(
      Array.from(members, async (member) => {
        const isReady = await fetch(`${member.opsUrl}/readyz`).then(
          async (response) => (await response.json()) && response.ok,
          () => false,
        );
        return isReady ? [member] : [];
      }),
    );
    ready = answers.flat();
  }

  const looking = (async () => {
    while (!closing.signal.aborted) {
      await look();
      await sleep(LOOK_MS, undefined, { signal: closing.signal }).catch(() => {});
    }
  })();

  return {
    door(name) {
      turn += 1;
      const door = ready[turn % ready.length]?.doors[name];
      if (!door) throw new Error("no target is ready");
      return door;
    },
    async add(target) {
      const member = { opsUrl: target.opsUrl, doors: openDoors(target) };
      members.add(member);
      while (!ready.includes(member)) await sleep(LOOK_MS);
    },
    async close() {
      closing.abort();
      await looking;
    },
  };
}
