import { bytes } from "../../application/sizes.ts";
import { formatLsn, type Lsn, parseLsn } from "../../domain/lsn.ts";
import { flag, jsonOption, noPositionals, text } from "./arguments.ts";
import { defineCommand, type Given, UsageError } from "./command.ts";
import { confirmed } from "./confirmed.ts";
import { inactiveSlot } from "./slot-inactive.ts";

export const advanceSlot = defineCommand(
  {
    name: "slot advance",
    usage: "[--to LSN] [--yes] [--json]",
    summary: "move the replication slot forward, past WAL that need not be kept",
    about: [
      "Lets go of the WAL up to there, by default up to its end. No event is lost: the relay notices that the slot is ahead",
      "of its checkpoint, and reads from the table what it has been moved past before it streams. That takes longer than the",
      "stream, and needs the rows to be there, which are kept until they are published. Refused while somebody streams.",
    ],
    options: {
      to: { value: "LSN", help: "up to there, like 16/B374D848 (default: the end of the WAL)" },
      yes: { help: "do not ask" },
      ...jsonOption,
    },
    examples: ["outbox slot advance", "outbox slot advance --to 16/B374D848 --yes"],
  },
  (given) => {
    noPositionals(given);
    return { to: lsn(given), yes: flag(given, "yes"), json: flag(given, "json") };
  },
  async ({ to, yes, json }, { operations, terminal, relay, who }) => {
    const slot = await inactiveSlot(operations.slot, relay);
    const target = to ?? slot.walEnd;
    const [from, until] = [formatLsn(slot.confirmedFlushLsn), formatLsn(target)];
    terminal.note(
      target > slot.checkpointLsn
        ? `the relay has published up to ${formatLsn(slot.checkpointLsn)}: the ${bytes(Number(target - slot.checkpointLsn))} of WAL behind it are passed over, and it will read from the table what is not published of them`
        : "the relay has published all that the slot is moved past",
    );
    if (!(await confirmed(terminal, yes, `Move slot ${slot.name} from ${from} to ${until}?`))) return 1;
    const reached = await operations.slot.advance(target, {
      who,
      command: "slot advance",
      arguments: { from, to: until },
      text: `slot advance to ${until} asked for by ${who}`,
    });
    if (json) terminal.result(JSON.stringify({ relay, slot: slot.name, from, lsn: formatLsn(reached) }));
    else terminal.result(`slot ${slot.name} was moved from ${from} to ${formatLsn(reached)}`);
    return 0;
  },
);

function lsn(given: Given): Lsn | undefined {
  const value = text(given, "to");
  if (value === undefined) return undefined;
  try {
    return parseLsn(value);
  } catch {
    throw new UsageError("--to must be an LSN, like 16/B374D848");
  }
}
