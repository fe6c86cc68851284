import { NO_CONTROL } from "../../application/relay-control.ts";
import { checkAppend, checkConfirm } from "./checks.ts";
import { createFaults } from "./faults.ts";
import { createJournal } from "./journal.ts";
import { createModelDatabase } from "./model-database.ts";
import { createModelDeadLetters } from "./model-dead-letters.ts";
import { createModelKafka } from "./model-kafka.ts";
import { createModelLease } from "./model-lease.ts";
import { createModelSlot } from "./model-slot.ts";
import type { Random } from "./random.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { World } from "./world.ts";

const SETTLE_MS = 150;

export function createWorld(clock: VirtualClock, random: Random): World {
  const journal = createJournal(clock);
  const database = createModelDatabase();
  const world: World = {
    clock,
    random,
    journal,
    database,
    slot: createModelSlot({
      clock,
      random,
      database,
      journal,
      onConfirm: (lsn) => checkConfirm(world, lsn),
    }),
    kafka: createModelKafka((event) => checkAppend(world, event)),
    letters: createModelDeadLetters(journal),
    lease: createModelLease(journal),
    faults: createFaults(),
    checkpoint: {
      published: "1:1:",
      drain: undefined,
      publishedOffsets: {},
      confirmedLsn: 0n,
      confirmedOffsets: {},
    },
    mode: undefined,
    control: NO_CONTROL,
    tooLarge: new Set(),
    streamStallsUntil: 0,
    awayUntil: { database: 0, broker: 0 },
    settleMs: SETTLE_MS,
  };
  return world;
}
