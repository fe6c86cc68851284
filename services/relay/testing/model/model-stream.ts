import type { EventStream, OpenStream, StreamSink } from "../../application/event-stream.ts";
import { RelayError } from "../../application/relay-error.ts";
import type { Lsn } from "../../domain/lsn.ts";
import { travelMs } from "./faults.ts";
import type { ModelTransaction } from "./model-database.ts";
import type { SlotState, Walsender } from "./model-slot.ts";
import type { ModelProcess } from "./process-life.ts";
import type { World } from "./world.ts";

/** A process' replication connections. */
export function createModelStream(world: World, process: ModelProcess): EventStream {
  const { slot } = world;
  return {
    open: (sink) =>
      process.call("open stream", () => {
        slot.assertReadable();
        const { state } = slot;
        if (!state) throw new Error("the slot does not exist");
        if (state.isLost) throw new Error("can no longer get changes from the slot");
        if (state.walsender) throw new RelayError("SLOT_IN_USE", "the slot is active");
        return startWalsender(world, process, state, sink);
      }),
  };
}

/** The server's side and the client's, with a way between them that takes time. */
function startWalsender(world: World, process: ModelProcess, state: SlotState, sink: StreamSink): OpenStream {
  const { clock, random, database, slot, journal } = world;
  const lost = Promise.withResolvers<Error>();
  // What a slot skips: all whose commit record starts below its position.
  let next = database.wal.findIndex(({ commitLsn }) => commitLsn >= state.confirmedFlushLsn);
  if (next === -1) next = database.wal.length;
  let sending: { readonly transaction: ModelTransaction; readonly messages: (() => void)[] } | undefined;
  let described: string | undefined;
  let isServerUp = true;
  let isClientUp = true;
  let isPaused = false;
  let lastReceivedAt = clock.now;
  let confirmed = 0n;

  const walsender: Walsender = {
    terminate(reason) {
      endServer();
      clock.after(travelMs(random), () =>
        loseClient(new RelayError("STREAM_LOST", `stream lost: ${reason}`)),
      );
    },
  };
  state.walsender = walsender;
  process.onEnd(() => {
    isClientUp = false;
    // The server notices in its own time, or when somebody terminates it.
    clock.after(random.below(300), endServer);
  });

  function endServer(): void {
    isServerUp = false;
    if (state.walsender === walsender) state.walsender = undefined;
  }

  function loseClient(error: Error): void {
    if (isClientUp) lost.resolve(error);
    isClientUp = false;
  }

  function toClient(message: () => void): void {
    lastReceivedAt = clock.now;
    try {
      message();
    } catch (error) {
      loseClient(error as Error);
      endServer();
    }
  }

  /** All that begins below has been sent. */
  function sentLsn(): Lsn {
    return sending?.transaction.commitLsn ?? database.wal[next]?.commitLsn ?? database.walEnd;
  }

  function sendKeepalive(): void {
    const lsn = sentLsn();
    toClient(() => sink.keepalive(lsn));
  }

  function messagesOf(transaction: ModelTransaction): (() => void)[] {
    const { tick, commitLsn, endLsn, xid = 0n } = transaction;
    const rows = transaction.rows.filter(({ writtenUnder }) => writtenUnder === "complete");
    if (rows.length === 0 && !tick && random.chance(0.5)) return [];
    return [
      () => sink.begin(commitLsn, clock.now, Number(xid & 0xffff_ffffn)),
      ...rows.map(({ event, publicationIdentity }) => () => {
        if (publicationIdentity !== described || random.chance(0.05)) sink.described();
        described = publicationIdentity;
        sink.event(event);
      }),
      ...(tick ? [() => sink.tick(tick)] : []),
      () => sink.commit(endLsn),
    ];
  }

  function sendSome(): void {
    for (let budget = 1 + random.below(6); budget > 0 && isClientUp && isServerUp; budget -= 1) {
      if (!sending) {
        const transaction = database.wal[next];
        if (!transaction) return;
        if (transaction.rows.some(({ writtenUnder }) => writtenUnder === "missing")) {
          endServer();
          loseClient(new RelayError("PUBLICATION_INCOMPLETE", "the publication was missing here"));
          return;
        }
        next += 1;
        sending = { transaction, messages: messagesOf(transaction) };
      }
      const message = sending.messages.shift();
      if (message) toClient(message);
      if (sending.messages.length === 0) sending = undefined;
    }
  }

  function pump(): void {
    if (!isServerUp) return;
    if (isClientUp && !isPaused && clock.now >= world.streamStallsUntil) {
      sendSome();
      if (random.chance(0.2)) sendKeepalive();
    }
    const busy = sending !== undefined || next < database.wal.length;
    clock.after(busy ? 1 + random.below(3) : 5 + random.below(25), pump);
  }
  clock.after(1, pump);

  function sendStatus(): void {
    const lsn = confirmed;
    clock.after(travelMs(random), () => {
      if (isServerUp) slot.confirm(lsn);
    });
  }

  return {
    lost: lost.promise,
    get lastReceivedAt() {
      return lastReceivedAt;
    },
    confirm(lsn) {
      if (!process.isAlive || lsn <= confirmed) return;
      confirmed = lsn;
      sendStatus();
    },
    askForReply() {
      clock.after(travelMs(random), () => {
        if (isServerUp && isClientUp && !isPaused && clock.now >= world.streamStallsUntil) sendKeepalive();
      });
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
    },
    async stop() {
      isClientUp = false;
      sendStatus();
      await process.travel();
      await clock.delay(100);
      await process.travel();
      endServer();
      journal.note(`${process.name}: stream stopped`);
    },
    destroy() {
      isClientUp = false;
      clock.after(random.below(100), endServer);
    },
  };
}
