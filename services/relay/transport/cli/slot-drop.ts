import { bytes } from "../../application/sizes.ts";
import { formatLsn } from "../../domain/lsn.ts";
import { flag, jsonOption, noPositionals } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { confirmed } from "./confirmed.ts";
import { inactiveSlot } from "./slot-inactive.ts";

export const dropSlot = defineCommand(
  {
    name: "slot drop",
    usage: "[--yes] [--json]",
    summary: "drop the replication slot, and with it the WAL that is kept for it",
    about: [
      "No event is lost: what is not published yet the relay reads from the table before it streams again, from a slot that",
      "it makes anew as soon as it wants to read the WAL. So drop it while the relay is paused, stopped or polling; it is",
      "refused while somebody streams from the slot.",
    ],
    options: { yes: { help: "do not ask" }, ...jsonOption },
    examples: ["outbox slot drop", "outbox slot drop --yes --json"],
  },
  (given) => {
    noPositionals(given);
    return { yes: flag(given, "yes"), json: flag(given, "json") };
  },
  async ({ yes, json }, { operations, terminal, relay, who }) => {
    const slot = await inactiveSlot(operations.slot, relay);
    terminal.note(
      `slot ${slot.name} keeps ${bytes(slot.retainedBytes)} of WAL; what is not published of it the relay will read from the table`,
    );
    if (!(await confirmed(terminal, yes, `Drop slot ${slot.name} of relay ${relay}?`))) return 1;
    await operations.slot.drop({
      who,
      command: "slot drop",
      arguments: { confirmedFlushLsn: formatLsn(slot.confirmedFlushLsn) },
      text: `slot drop asked for by ${who}`,
    });
    if (json) terminal.result(JSON.stringify({ relay, slot: slot.name, dropped: true }));
    else terminal.result(`slot ${slot.name} was dropped`);
    return 0;
  },
);
