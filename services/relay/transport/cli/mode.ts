import type { ControlStanding, DatedWish } from "../../application/operations/control-desk.ts";
import type { RelayMode } from "../../application/relay-control.ts";
import { type CommandContext, defineCommand, type ExitCode, type Given, UsageError } from "./command.ts";
import {
  askedFor,
  followArguments,
  followedSentence,
  followOptions,
  waitForLeader,
} from "./follow-leader.ts";
import { formatTime, printable } from "./table.ts";

const MODES = ["auto", "cdc", "polling"] as const satisfies RelayMode[];

export const relayMode = defineCommand(
  {
    name: "mode",
    usage: "[auto | cdc | polling | default] [--reason TEXT] [--wait S] [--json]",
    summary: "show how the outbox is read, or have it read in another way",
    about: [
      "Without an argument: the mode that is configured (RELAY_MODE of the leader), the one that was set here, and how the",
      "outbox is read now. With one, the leader follows within about a second, and whoever leads after it begins so:",
      "",
      "  auto     from the WAL while that can be done, else from the table",
      "  cdc      from the WAL only: what cannot be read there waits",
      "  polling  from the table only; the slot keeps the WAL until it is read again or dropped",
      "  default  as configured",
      "",
      "Nothing is lost or repeated by a change, and it is in the log, the metrics and the history.",
    ],
    options: followOptions,
    examples: ["outbox mode", "outbox mode polling --reason walsender-load", "outbox mode default"],
  },
  (given) => ({ wanted: wantedMode(given), ...followArguments(given) }),
  async ({ wanted, reason, waitSeconds, json }, context) => {
    if (wanted === undefined) return show(await context.operations.control.standing(), json, context);
    const { operations, terminal, relay, who } = context;
    const mode = wanted === "default" ? undefined : wanted;
    const isNews = await operations.control.setMode(mode, reason, {
      who,
      command: "mode",
      arguments: { mode: wanted, reason },
      text: askedFor(`mode ${wanted}`, context, reason),
    });
    if (!isNews) terminal.note(`relay ${relay} had that mode already`);
    const standing = await waitForLeader(operations.control, waitSeconds);
    show(standing, json, context);
    if (!json) terminal.note(followedSentence(standing, "and reads the outbox so"));
    return standing.isFollowed || !standing.isLed || waitSeconds === 0 ? 0 : 1;
  },
);

function wantedMode({ positionals }: Given): RelayMode | "default" | undefined {
  const [name, more] = positionals;
  if (more !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(more)}`);
  if (name === undefined || name === "default") return name;
  const mode = MODES.find((each) => each === name);
  if (!mode)
    throw new UsageError(`${JSON.stringify(name)} is no mode; say one of: ${MODES.join(", ")}, default`);
  return mode;
}

function show(standing: ControlStanding, json: boolean, { terminal, relay }: CommandContext): ExitCode {
  const { configured, override, actual, pause, isLed, isFollowed } = standing;
  if (json) {
    terminal.result(
      JSON.stringify({ relay, configured, override, actual, pause, led: isLed, followed: isFollowed }),
    );
    return 0;
  }
  const lines = [
    ["configured", configured ?? "not known: no relay has begun since the migration"],
    ["set here", override ? `${override.mode} ${whoAndWhen(override)}` : "nothing"],
    [
      "actual",
      isLed ? (actual ?? "none yet") : `${actual ?? "none"} when it was last read: no relay leads now`,
    ],
    ...(pause ? [["paused", whoAndWhen(pause)]] : []),
  ];
  for (const [name = "", value = ""] of lines)
    terminal.result(`${terminal.bold(name.padEnd(11))}${printable(value)}`);
  return 0;
}

function whoAndWhen({ by, at, reason }: DatedWish): string {
  return `by ${by} at ${formatTime(at)}${reason === undefined ? "" : `: ${reason}`}`;
}
