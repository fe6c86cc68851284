import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../platform/config.ts";
import { cliConfigSchema } from "../../config.ts";
import { aLetter, runOnFakes } from "../../testing/cli-fakes.ts";
import { commands } from "./commands.ts";

const { id } = aLetter;

describe("arguments", () => {
  test.each([
    [["dead-letters", "list"], 'list {"limit":50}'],
    [["dead-letters", "list", "--key", "k", "--limit=3"], 'list {"key":"k","limit":3}'],
    [["dead-letters", "show", id.toUpperCase()], `find ${id}`],
    [
      ["dead-letters", "retry", id],
      `ask retry {"id":"${id}"} dead letter ${id}: retry asked for by ann@desk`,
    ],
    [
      ["dead-letters", "retry", "--key=-k"],
      'ask retry {"key":"-k"} dead letters of key -k: retry asked for by ann@desk',
    ],
    [
      ["dead-letters", "retry", "--all", "--wait", "0"],
      'ask retry "all" all dead letters: retry asked for by ann@desk',
    ],
    [
      ["dead-letters", "discard", id, "--yes"],
      `ask discard {"id":"${id}"} dead letter ${id}: discard asked for by ann@desk`,
    ],
    [["reset", "--adopt", "--yes"], "reset adopt reset --adopt asked for by ann@desk"],
    [["reset", "--republish", "--yes"], "reset republish reset --republish asked for by ann@desk"],
    [["history", "--limit", "7"], "recent 7"],
    [["pause"], "set paused true undefined pause asked for by ann@desk"],
    [["pause", "--reason", "a test"], "set paused true a test pause asked for by ann@desk: a test"],
    [["resume"], "set paused false undefined resume asked for by ann@desk"],
    [["mode"], "control standing"],
    [["mode", "polling"], "set mode polling undefined mode polling asked for by ann@desk"],
    [["mode", "default"], "set mode undefined undefined mode default asked for by ann@desk"],
    [["drain", "--timeout", "5"], "drain standing 1:1:"],
    [
      ["replay", "--key", "k", "--after", "7", "--yes"],
      'find to replay {"key":"k","types":[],"afterPosition":"7"}',
    ],
    [
      ["replay", "--from", "2026-11-27", "--to", "2026-11-27T09:00+01:00", "--type", "A,B", "--dry-run"],
      'find to replay {"from":"2026-11-27T00:00Z","to":"2026-11-27T09:00+01:00","types":["A","B"],"afterPosition":"0"}',
    ],
    [["slot", "create"], "create slot slot create asked for by ann@desk"],
    [["slot", "drop", "--yes"], "drop slot slot drop asked for by ann@desk"],
    [["slot", "advance", "--yes"], "advance slot 8192 slot advance to 0/2000 asked for by ann@desk"],
    [
      ["slot", "advance", "--to", "16/B374D848", "--yes"],
      "advance slot 97500059720 slot advance to 16/B374D848 asked for by ann@desk",
    ],
  ])("%j asks for: %s", async (args, call) => {
    const { exitCode, calls } = await runOnFakes(args);
    expect(calls).toContain(call);
    expect(calls.at(-1)).toBe("close");
    expect(exitCode).toBe(0);
  });

  test.each([
    [[], "a command is missing"],
    [["--json"], "a command is missing"],
    [["letters"], 'there is no command "letters"'],
    [
      ["dead-letters"],
      "there is: dead-letters list, dead-letters show, dead-letters retry, dead-letters discard",
    ],
    [["dead-letters", "burn"], 'there is no command "dead-letters burn"'],
    [["dead-letters", "list", "more"], 'unexpected argument "more"'],
    [["dead-letters", "list", "--limit", "0"], "--limit must be a whole number from 1 to 100000"],
    [["dead-letters", "list", "--limit", "1e3"], "--limit must be a whole number"],
    [["dead-letters", "list", "--limit"], "--limit <value>' argument missing"],
    [["dead-letters", "list", "--kye", "k"], "Unknown option '--kye'"],
    [["dead-letters", "list", "--json=yes"], "does not take an argument"],
    [["dead-letters", "show"], "the event id is missing"],
    [["dead-letters", "show", "7"], '"7" is no event id'],
    [["dead-letters", "show", id, id], "unexpected argument"],
    [["dead-letters", "retry"], "say one of: <event-id>, --key K, --all"],
    [["dead-letters", "retry", id, "--all"], "say one of: <event-id>, --key K, --all"],
    [["dead-letters", "retry", "--key", "k", "--all"], "say one of: <event-id>, --key K, --all"],
    [["dead-letters", "retry", "--all", "--wait", "-1"], "--wait"],
    [["dead-letters", "discard", "--yes"], "the event id is missing"],
    [["reset"], "say one of: --adopt, --republish"],
    [["reset", "--adopt", "--republish"], "say one of: --adopt, --republish"],
    [["reset", "--adopt", "orders"], 'unexpected argument "orders"'],
    [["history", "--limit", "x"], "--limit must be a whole number"],
    [["pause", "now"], 'unexpected argument "now"'],
    [["pause", "--wait", "soon"], "--wait must be a whole number from 0 to 86400"],
    [["drain", "--timeout", "1h"], "--timeout must be a whole number from 0 to 86400"],
    [["replay"], "say which events: --key K, or --from T and --to T"],
    [["replay", "--from", "2026-11-27"], "say which events: --key K, or --from T and --to T"],
    [["replay", "--key", "k", "--from", "2026-11-27T08:00"], "--from must be a time with its zone"],
    [["replay", "--key", "k", "--after", "x"], "--after must be a position in the outbox"],
    [["replay", "--key", "k", "--rate", "-1"], "--rate"],
    [["mode", "wal"], '"wal" is no mode; say one of: auto, cdc, polling, default'],
    [["mode", "cdc", "polling"], 'unexpected argument "polling"'],
    [["slot"], "there is: slot create, slot drop, slot advance"],
    [["slot", "advance", "--to", "7"], "--to must be an LSN, like 16/B374D848"],
  ])("%j is refused in one line, which names the help, before anything is opened", async (args, problem) => {
    const { exitCode, notes, results, calls } = await runOnFakes(args);
    expect(notes).toEqual([expect.stringContaining(problem)]);
    expect(notes[0]).toMatch(/^outbox: .*; see: outbox .*--help$/);
    expect({ exitCode, results, calls }).toEqual({ exitCode: 2, results: [], calls: [] });
  });
});

describe("help", () => {
  test("names every command, and needs no configuration", async () => {
    const { exitCode, results } = await runOnFakes(["--help"], { open: () => expect.unreachable() });
    for (const { name } of commands) expect(results.join("\n")).toContain(`  ${name}  `);
    expect(exitCode).toBe(0);
  });

  test("on a group names its commands only", async () => {
    const { results } = await runOnFakes(["dead-letters", "-h"]);
    expect(results.join("\n")).toContain("dead-letters retry");
    expect(results.join("\n")).not.toContain("history");
  });

  test.each(commands.map((command) => [command.name, command] as const))(
    "on %s has its options and examples, each of which can be typed as it is",
    async (name, command) => {
      const { results } = await runOnFakes([...name.split(" "), "--help"]);
      for (const option of Object.keys(command.options)) expect(results.join("\n")).toContain(`--${option}`);
      for (const example of command.examples) {
        expect(results).toContain(`  ${example}`);
        const args =
          example
            .replace(/^\w+=\w+ /, "")
            .split(" | ")[0]
            ?.split(" ")
            .slice(1) ?? [];
        expect((await runOnFakes(args, { answer: true })).exitCode).toBe(0);
      }
      expect(Math.max(...results.map((line) => line.length))).toBeLessThanOrEqual(120);
    },
  );
});

describe("what cannot be undone", () => {
  const harmful = [
    ["dead-letters", "discard", id],
    ["reset", "--adopt"],
    ["reset", "--republish"],
    ["slot", "drop"],
    ["slot", "advance"],
    ["replay", "--key", "k"],
  ];

  test.each(harmful)("%s %s %s is done when a person says yes", async (...args) => {
    expect((await runOnFakes(args, { answer: true })).exitCode).toBe(0);
  });

  test.each(harmful)("%s %s %s is not done when a person says no", async (...args) => {
    const { exitCode, notes, calls } = await runOnFakes(args, { answer: false });
    expect(exitCode).toBe(1);
    expect(notes.at(-1)).toBe("nothing was done");
    expect(calls.join()).not.toMatch(/ask|reset|drop|advance|publisher/);
  });

  test.each(harmful)("%s %s %s is refused when there is nobody to ask", async (...args) => {
    const { exitCode, notes, calls } = await runOnFakes(args);
    expect(exitCode).toBe(2);
    expect(notes.at(-1)).toContain("add --yes");
    expect(calls.join()).not.toMatch(/ask|reset|drop|advance|publisher/);
  });

  test("a reset says what it has to do with before it asks", async () => {
    const { notes, results } = await runOnFakes(["reset", "--republish", "--yes"]);
    expect(notes.join("\n")).toMatch(/10 events.*4 of them are not published/);
    expect(results).toEqual(["relay orders was reset: 10 events are left to publish"]);
  });
});

describe("results", () => {
  test("go to stdout as a table for people", async () => {
    const { results, notes } = await runOnFakes(["dead-letters", "list"]);
    expect(results[0]).toMatch(/^POSITION {2}EVENT ID +TYPE +KEY/);
    expect(results[1]).toContain(`7  ${id}  OrderCreated  key-1        3  no_topic`);
    expect(notes).toEqual(["2 more; --limit 3 shows all"]);
  });

  test.each([
    ["dead-letters", "list"],
    ["dead-letters", "show", id],
    ["dead-letters", "retry", id],
    ["reset", "--adopt", "--yes"],
    ["history"],
    ["pause"],
    ["resume"],
    ["mode"],
    ["mode", "polling"],
    ["drain"],
    ["replay", "--key", "k", "--yes"],
    ["replay", "--key", "k", "--dry-run"],
    ["slot", "create"],
    ["slot", "drop", "--yes"],
    ["slot", "advance", "--yes"],
  ])("are one line of JSON with --json: %s %s %s", async (...args) => {
    const { results } = await runOnFakes([...args.filter(Boolean), "--json"]);
    expect(results).toHaveLength(1);
    expect(JSON.parse(results[0] ?? "")).toBeTypeOf("object");
  });

  test("have the payload digit by digit as it lies in the database", async () => {
    const { results } = await runOnFakes(["dead-letters", "show", id, "--json"]);
    expect(results[0]).toContain('"payload":{"n": 12345678901234567890}');
  });

  test("tell what has become of a letter and of what waited behind it", async () => {
    const { results } = await runOnFakes(["dead-letters", "retry", id]);
    expect(results).toEqual([`${id} published, and 4 events behind it published`]);
  });
});

describe("failures", () => {
  test("an unknown event id is one line, and exit code 1", async () => {
    const { exitCode, notes } = await runOnFakes([
      "dead-letters",
      "show",
      "0198f2c1-6a0e-7cc2-9d1b-000000000000",
    ]);
    expect(notes).toEqual([
      expect.stringMatching(/no dead letter with the event id .*outbox dead-letters list/),
    ]);
    expect(exitCode).toBe(1);
  });

  test("a relay that has never run here is named, with those that have", async () => {
    const { exitCode, notes, calls } = await runOnFakes(["history"], { relays: ["parcels", "returns"] });
    expect(notes).toEqual([
      "outbox: this database knows no relay orders (there is: parcels, returns); set RELAY_NAME or DATABASE_URL",
    ]);
    expect(exitCode).toBe(1);
    expect(calls).toEqual(["close"]);
  });

  test("a wrong configuration is told in full, by variable and without the value", async () => {
    const { exitCode, notes } = await runOnFakes(["history"], {
      open: () => {
        loadConfig(cliConfigSchema, { DATABASE_URL: "mysql://u:secret@h/d", RELAY_NAME: "x".repeat(64) });
        return expect.unreachable();
      },
    });
    expect(notes.join("\n")).toMatch(/DATABASE_URL: must be.*\n.*RELAY_NAME: /);
    expect(notes.join("\n")).not.toContain("secret");
    expect(exitCode).toBe(2);
  });
});
