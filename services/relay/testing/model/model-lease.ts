import { RelayError } from "../../application/relay-error.ts";
import type { Journal } from "./journal.ts";

export interface LeaseHolder {
  readonly name: string;
  /** The lease is not the holder's any more. */
  lose(error: Error): void;
}

/** The session advisory lock and the epoch in relay_checkpoint. */
export interface ModelLease {
  readonly holder: LeaseHolder | undefined;
  readonly epoch: bigint;
  /** False when another has it. */
  tryTake(holder: LeaseHolder): boolean;
  /** True when the leader before ended in order. */
  raiseEpoch(): { readonly epoch: bigint; readonly afterOrderlyEnd: boolean };
  /** The holder's session has ended. */
  end(holder: LeaseHolder): void;
  noteOrderlyEnd(epoch: bigint): void;
  /** The holder's session is gone, from one moment to the next. */
  takeAway(): void;
  /** @throws RelayError LEASE_LOST when another leader has taken over since. */
  assertEpoch(epoch: bigint): void;
}

export function createModelLease(journal: Journal): ModelLease {
  let holder: LeaseHolder | undefined;
  let epoch = 0n;
  let isOrderly = true;
  return {
    get holder() {
      return holder;
    },
    get epoch() {
      return epoch;
    },
    tryTake(next) {
      if (holder) return false;
      holder = next;
      return true;
    },
    raiseEpoch() {
      epoch += 1n;
      const afterOrderlyEnd = isOrderly;
      isOrderly = false;
      return { epoch, afterOrderlyEnd };
    },
    end(ending) {
      if (holder === ending) holder = undefined;
    },
    noteOrderlyEnd(ended) {
      if (ended === epoch) isOrderly = true;
    },
    takeAway() {
      if (!holder) return;
      journal.note(`${holder.name} loses the lease`);
      const loser = holder;
      holder = undefined;
      loser.lose(new RelayError("LEASE_LOST", "the lease's session is gone"));
    },
    assertEpoch(wanted) {
      if (wanted !== epoch) throw new RelayError("LEASE_LOST", `another has taken over since ${wanted}`);
    },
  };
}
