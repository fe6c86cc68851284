import type { OutboxFigures } from "../outbox-figures.ts";
import type { CheckpointDesk } from "./checkpoint-desk.ts";
import type { ControlDesk } from "./control-desk.ts";
import type { DeadLetterDesk } from "./dead-letter-desk.ts";
import type { Doctor } from "./doctor.ts";
import type { DrainDesk } from "./drain-desk.ts";
import type { HistoryDesk } from "./history-desk.ts";
import type { ReplayDesk } from "./replay-desk.ts";
import type { SlotDesk } from "./slot-desk.ts";

/** What people can do with a relay, from outside of its process: all of it goes through the database, but for a replay. */
export interface Operations {
  readonly doctor: Doctor;
  readonly figures: OutboxFigures;
  readonly deadLetters: DeadLetterDesk;
  readonly checkpoint: CheckpointDesk;
  readonly history: HistoryDesk;
  readonly control: ControlDesk;
  readonly slot: SlotDesk;
  readonly drain: DrainDesk;
  readonly replay: ReplayDesk;
  /** The names of all relays that have ever run on this database. */
  relays(): Promise<string[]>;
  close(): Promise<void>;
}

/** Something cannot be done; the message names what helps, in one line. */
export class OperationFailed extends Error {
  readonly code = "OPERATION_FAILED";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "OperationFailed";
  }
}
