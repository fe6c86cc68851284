import type { Checkpoint } from "../../application/checkpoint-store.ts";
import type { RelayControl } from "../../application/relay-control.ts";
import type { ReadingMode } from "../../application/relay-history.ts";
import type { Faults } from "./faults.ts";
import type { Journal } from "./journal.ts";
import type { ModelDatabase } from "./model-database.ts";
import type { ModelDeadLetters } from "./model-dead-letters.ts";
import type { ModelKafka } from "./model-kafka.ts";
import type { ModelLease } from "./model-lease.ts";
import type { ModelSlot } from "./model-slot.ts";
import type { Random } from "./random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Everything outside of the relay's processes: it outlives them. */
export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly journal: Journal;
  readonly database: ModelDatabase;
  readonly slot: ModelSlot;
  readonly kafka: ModelKafka;
  readonly letters: ModelDeadLetters;
  readonly lease: ModelLease;
  readonly faults: Faults;
  /** The row in relay_checkpoint. */
  checkpoint: Checkpoint;
  mode: ReadingMode | undefined;
  /** The row in relay_control. */
  control: RelayControl;
  /** Ids that the relay itself knows to be too large. */
  readonly tooLarge: Set<string>;
  /** Walsenders send nothing before this time. */
  streamStallsUntil: number;
  /** Requests are turned away before this time. */
  readonly awayUntil: { database: number; broker: number };
  /** What a writer has left behind has landed after this time. */
  readonly settleMs: number;
}
