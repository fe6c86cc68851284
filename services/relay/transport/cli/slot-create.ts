import { formatLsn } from "../../domain/lsn.ts";
import { flag, jsonOption, noPositionals } from "./arguments.ts";
import { defineCommand } from "./command.ts";

export const createSlot = defineCommand(
  {
    name: "slot create",
    usage: "[--json]",
    summary: "make the replication slot that the relay uses",
    about: [
      "The relay makes it by itself when it needs it; this is for a slot that is to be there before. It is made as the relay",
      "makes it: pgoutput, and with failover on PostgreSQL 17 and later. What was committed before it the relay reads from",
      "the table. From now on the server keeps the WAL for it. Waits 10 s at the most for transactions that are open.",
    ],
    options: jsonOption,
    examples: ["outbox slot create", "RELAY_NAME=orders outbox slot create --json"],
  },
  (given) => {
    noPositionals(given);
    return { json: flag(given, "json") };
  },
  async ({ json }, { operations, terminal, relay, who }) => {
    const lsn = formatLsn(
      await operations.slot.create({
        who,
        command: "slot create",
        arguments: {},
        text: `slot create asked for by ${who}`,
      }),
    );
    if (json) terminal.result(JSON.stringify({ relay, lsn }));
    else terminal.result(`the slot of relay ${relay} was made at ${lsn}`);
    return 0;
  },
);
