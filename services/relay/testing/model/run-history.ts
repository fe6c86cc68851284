import type { RelayControl, RelayMode } from "../../application/relay-control.ts";
import { committedRows, isSafe } from "./checks.ts";
import { createWorld } from "./create-world.ts";
import type { ModelTransaction } from "./model-database.ts";
import type { ModelLetter } from "./model-dead-letters.ts";
import { type RunningProcess, startProcess } from "./model-process.ts";
import { createRandom } from "./random.ts";
import { type Ending, type History, type NewRow, SESSIONS, type Step } from "./steps.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { World } from "./world.ts";

const A_WISH = { by: "ann@desk", reason: undefined };
const REST_MS = 120_000;
const REST_STEP_MS = 250;
const LONGEST_WAIT_MS = 3_000;

/** Runs the history, then lets everything come to rest. @throws Error with the last things that happened, when a promise is broken. */
export async function runHistory(history: History, clock: VirtualClock): Promise<World> {
  const world = createWorld(clock, createRandom(history.seed));
  const sessions: (ModelTransaction | undefined)[] = Array.from({ length: SESSIONS }, () => undefined);
  const processes: RunningProcess[] = [];
  let started = 0;

  function start(index: number, mode: RelayMode): void {
    started += 1;
    processes[index] = startProcess(world, `relay ${index}.${started}`, mode);
  }

  function assertKept(): void {
    if (world.journal.violation === undefined) return;
    throw new Error(`${world.journal.violation}\n${world.journal.tail(400)}`);
  }

  async function pass(ms: number): Promise<void> {
    await clock.advance(ms);
    assertKept();
  }

  function replace(index: number, mode: RelayMode): void {
    if (!processes[index]?.isAlive) start(index, mode);
  }

  for (let index = 0; index < history.replicas; index++) start(index, history.mode);
  for (const step of history.steps) {
    world.journal.note(`-- ${JSON.stringify(step)}`);
    await take(step);
    await pass(step.pause);
    // A process that has crashed by itself is started again by whoever looks after it.
    for (let index = 0; index < history.replicas; index++) replace(index, history.mode);
  }
  await rest();
  return world;

  async function take(step: Step): Promise<void> {
    const { database, slot } = world;
    if (history.without.includes(step.do)) return;
    if (step.do === "insert") {
      insert(step.session, step.row);
    } else if (step.do === "transaction") {
      for (const row of step.rows) insert(step.session, row);
      end(step.session, step.how);
    } else if (step.do === "end") {
      end(step.session, step.how);
    } else if (step.do === "standby answers") {
      for (const index of sessions.keys()) show(index);
    } else if (step.do === "write elsewhere") {
      const transaction = database.begin();
      database.write(transaction);
      database.commit(transaction);
      database.show(transaction);
    } else if (step.do === "crash") {
      const index = step.process % history.replicas;
      processes[index]?.crash();
      start(index, step.next);
    } else if (step.do === "restart") {
      await restart(step.process % history.replicas, step.next);
    } else if (step.do === "take the lease away") {
      world.lease.takeAway();
    } else if (step.do === "fault") {
      world.faults.plan(step.fault);
    } else if (step.do === "publish fault") {
      world.faults.planPublish(step.fault);
    } else if (step.do === "slot") {
      slot.sabotage(step.what);
    } else if (step.do === "block the WAL") {
      slot.blockedBy = step.code;
      slot.sabotage("end walsender");
    } else if (step.do === "unblock the WAL") {
      slot.blockedBy = undefined;
      database.publish("complete");
    } else if (step.do === "stall the stream") {
      world.streamStallsUntil = clock.now + step.ms;
    } else if (step.do === "take away") {
      world.awayUntil[step.what] = clock.now + step.ms;
      if (step.what === "database") {
        slot.sabotage("end walsender");
        world.lease.takeAway();
      }
    } else if (step.do === "publication") {
      database.publish(step.becomes);
    } else if (step.do === "publication blinks") {
      database.publish("without the table");
      for (const row of step.rows) insert(step.session, row);
      database.publish("complete");
      end(step.session, "commit");
    } else if (step.do === "pause" || step.do === "resume") {
      want({ pause: step.do === "pause" ? A_WISH : undefined });
    } else if (step.do === "set the mode") {
      want({ mode: step.mode === "default" ? undefined : { mode: step.mode, ...A_WISH } });
    } else if (step.do === "ask") {
      const refused = world.letters.letters.filter(({ isRefused, request }) => isRefused && !request);
      const letter = refused[step.pick % Math.max(refused.length, 1)];
      if (letter) ask(letter, step.request);
    } else {
      await pass(step.ms);
    }
  }

  function insert(index: number, { key, poison }: NewRow): void {
    const transaction = sessions[index] ?? world.database.begin();
    const row = transaction.state === "open" && world.database.insert(transaction, `key-${key}`);
    if (!row) return;
    sessions[index] = transaction;
    if (poison === "too large") world.tooLarge.add(row.event.id);
    if (poison === "refused") world.kafka.poison.add(row.event.id);
  }

  function end(index: number, how: Ending): void {
    const transaction = sessions[index];
    if (transaction?.state !== "open") return;
    if (how === "roll back") {
      world.database.rollback(transaction);
      sessions[index] = undefined;
      return;
    }
    world.database.commit(transaction);
    const positions = transaction.rows.map(({ position }) => position).join(" ");
    world.journal.note(
      `${positions} committed as ${transaction.xid}, ${transaction.commitLsn}-${transaction.endLsn}`,
    );
    if (how === "commit") clock.after(1 + world.random.below(3), () => show(index));
  }

  function show(index: number): void {
    const transaction = sessions[index];
    if (transaction?.state !== "committed") return;
    world.database.show(transaction);
    sessions[index] = undefined;
  }

  function want(wish: Partial<Pick<RelayControl, "pause" | "mode">>): void {
    const { control } = world;
    world.control = { ...control, ...wish, revision: control.revision + 1n };
  }

  function ask(letter: ModelLetter, request: "retry" | "discard"): void {
    world.journal.note(`asked to ${request} ${letter.event.position}`);
    if (request === "retry") heal(letter);
    // The letters are the relay's to replace.
    const own = world.letters.letters.find(({ event }) => event.id === letter.event.id);
    if (own) own.request = request;
  }

  function heal({ event }: ModelLetter): void {
    world.tooLarge.delete(event.id);
    world.kafka.poison.delete(event.id);
  }

  async function restart(index: number, mode: RelayMode): Promise<void> {
    const process = processes[index];
    process?.stop();
    for (let ms = 0; ms < LONGEST_WAIT_MS && process?.isAlive; ms += 10) await pass(10);
    if (process?.isAlive) world.journal.violated(`${process.name} does not stop`);
    assertKept();
    start(index, mode);
  }

  /** Transactions end, faults cease, people decide on every other dead letter: nothing may be left to do. */
  async function rest(): Promise<void> {
    world.journal.note("-- everything comes to rest");
    world.faults.clear();
    world.slot.blockedBy = undefined;
    world.database.publish("complete");
    want({ pause: undefined, mode: undefined });
    world.streamStallsUntil = 0;
    Object.assign(world.awayUntil, { database: 0, broker: 0 });
    for (const index of sessions.keys()) {
      end(index, index % 2 === 0 ? "commit" : "roll back");
      show(index);
    }
    await untilDone();
    for (const mode of ["cdc", "polling", "auto"] as const) {
      for (const [index, process] of processes.entries()) {
        if (world.random.chance(0.5)) await restart(index, mode);
        else {
          process.crash();
          start(index, mode);
        }
      }
      await pass(800);
      await untilDone();
    }
    for (const process of processes) process.crash("is not needed any more");
  }

  async function untilDone(): Promise<void> {
    for (let ms = 0; !isDone(); ms += REST_STEP_MS) {
      if (ms > REST_MS) world.journal.violated(`nothing comes to rest: ${undone()}`);
      decide();
      for (let index = 0; index < history.replicas; index++) replace(index, "auto");
      await pass(REST_STEP_MS);
    }
    for (const { event } of world.letters.letters)
      if (world.kafka.has(event.id)) world.journal.violated(`letter ${event.position} is on Kafka as well`);
    assertKept();
  }

  /** A letter whose position is divisible by 3 stays for good. */
  function decide(): void {
    for (const letter of world.letters.letters) {
      if (!letter.isRefused || letter.request) continue;
      const position = Number(letter.event.position);
      if (position % 3 !== 0) ask(letter, position % 3 === 1 ? "retry" : "discard");
    }
  }

  function undone(): string {
    const lost = committedRows(world).filter(({ event }) => !isSafe(world, event));
    const waiting = world.letters.letters.filter(({ event: { id } }) => !stays(id));
    const { revision, followed } = world.control;
    const wish = revision === followed ? "" : revision;
    return `events ${lost.map(({ position }) => position)}, letters ${waiting.map(({ event }) => event.position)}, wish ${wish}`;
  }

  function isDone(): boolean {
    return undone() === "events , letters , wish ";
  }

  /** It is, or stands behind, a letter that stays for good. */
  function stays(id: string): boolean {
    const at = world.letters.letters.findIndex(({ event }) => event.id === id);
    const letter = world.letters.letters[at];
    return world.letters.letters
      .slice(0, at + 1)
      .some(
        ({ event, isRefused, request }) =>
          isRefused &&
          !request &&
          Number(event.position) % 3 === 0 &&
          event.key.equals(letter?.event.key as Buffer),
      );
  }
}
