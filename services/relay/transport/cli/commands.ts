import { discardDeadLetter } from "./dead-letters-discard.ts";
import { listDeadLetters } from "./dead-letters-list.ts";
import { retryDeadLetters } from "./dead-letters-retry.ts";
import { showDeadLetter } from "./dead-letters-show.ts";
import { examineRelay } from "./doctor.ts";
import { drainRelay } from "./drain.ts";
import { showHistory } from "./history.ts";
import { relayMode } from "./mode.ts";
import { pauseRelay } from "./pause.ts";
import { replay } from "./replay.ts";
import { resetCheckpoint } from "./reset.ts";
import { resumeRelay } from "./resume.ts";
import { advanceSlot } from "./slot-advance.ts";
import { createSlot } from "./slot-create.ts";
import { dropSlot } from "./slot-drop.ts";
import { showStatus } from "./status.ts";
import { watchStatus } from "./watch.ts";

/** In the order in which the help shows them. */
export const commands = [
  showStatus,
  watchStatus,
  examineRelay,
  pauseRelay,
  resumeRelay,
  drainRelay,
  relayMode,
  replay,
  createSlot,
  dropSlot,
  advanceSlot,
  listDeadLetters,
  showDeadLetter,
  retryDeadLetters,
  discardDeadLetter,
  resetCheckpoint,
  showHistory,
];
