import { discardDeadLetter } from "./dead-letters-discard.ts";
import { listDeadLetters } from "./dead-letters-list.ts";
import { retryDeadLetters } from "./dead-letters-retry.ts";
import { showDeadLetter } from "./dead-letters-show.ts";
import { showHistory } from "./history.ts";
import { resetCheckpoint } from "./reset.ts";

/** In the order in which the help shows them. */
export const commands = [
  listDeadLetters,
  showDeadLetter,
  retryDeadLetters,
  discardDeadLetter,
  resetCheckpoint,
  showHistory,
];
