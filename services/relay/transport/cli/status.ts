import { readStatus } from "../../application/operations/read-status.ts";
import { flag, jsonOption, noPositionals } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { statusJson, statusLines } from "./status-lines.ts";

export const showStatus = defineCommand(
  {
    name: "status",
    usage: "[--json]",
    summary: "show whether all is fine, and if not why and what helps",
    about: [
      "One screen: mode, leader, standbys, what waits to be published, dead letters, the slot and its budget of WAL, and",
      "the last changes of the mode. It asks the database only, so it tells of a relay that is down as well; what only the",
      "leader knows (rates, latencies, the broker) is on its live page and in its metrics.",
      "",
      "Exits with 0 when all is fine, and with 1 when it is not.",
    ],
    options: jsonOption,
    examples: ["outbox status", "outbox status --json | jq .status"],
  },
  (given) => {
    noPositionals(given);
    return { json: flag(given, "json") };
  },
  async ({ json }, { operations, terminal, relay }) => {
    const status = await readStatus(operations);
    if (json) terminal.result(statusJson(relay, status));
    else for (const line of statusLines(relay, status, terminal)) terminal.result(line);
    return status.health.status === "fine" ? 0 : 1;
  },
);
