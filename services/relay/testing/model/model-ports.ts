import type { RelayPorts } from "../../application/factories/relay-factory.ts";
import type { Lease } from "../../application/lease.ts";
import type { OpenDrain } from "../../application/outbox-table.ts";
import { RelayError } from "../../application/relay-error.ts";
import { isVisible, parseSnapshot } from "../../domain/snapshot.ts";
import { checkCheckpoint } from "./checks.ts";
import type { LeaseHolder } from "./model-lease.ts";
import type { ModelPublisher } from "./model-publisher.ts";
import type { ModelProcess } from "./process-life.ts";
import type { World } from "./world.ts";

const STANDBY_POLL_MS = 40;

/** The ports of a process that are statements to the database, and the tail of the topic. */
export function createDatabasePorts(
  world: World,
  process: ModelProcess,
  publisher: ModelPublisher,
): Omit<RelayPorts, "stream" | "publisher" | "observer" | "log"> {
  const { clock, random, database, kafka, letters, lease, slot, journal } = world;
  const { call } = process;

  async function acquire(signal: AbortSignal, onStandby: () => void): Promise<Lease> {
    const lost = Promise.withResolvers<Error>();
    const holder: LeaseHolder = {
      name: process.name,
      lose(error) {
        process.holdsLease = false;
        publisher.cut();
        clock.after(1 + random.below(20), () => lost.resolve(error));
      },
    };
    const end = () => {
      process.holdsLease = false;
      lease.end(holder);
    };
    // A session that has ended unasked is noticed by the server sooner or later.
    process.onEnd(() => clock.after(random.below(100), end));
    while (!(await call("acquire", () => lease.tryTake(holder)).catch(giveUp))) {
      onStandby();
      await clock.delay(STANDBY_POLL_MS, signal);
      signal.throwIfAborted();
    }
    await process.travel();
    if (lease.holder !== holder) throw new Error("the session is gone");
    const { epoch, afterOrderlyEnd } = lease.raiseEpoch();
    await process.travel();
    process.holdsLease = lease.holder === holder;
    return {
      epoch,
      afterOrderlyEnd,
      lost: lost.promise,
      async release(orderly) {
        await process.travel();
        if (orderly && lease.holder === holder) lease.noteOrderlyEnd(epoch);
        end();
      },
    };

    function giveUp(error: unknown): never {
      end();
      throw error;
    }
  }

  /** A transaction of its own, whose snapshot is taken inside of it, before it is given an id. */
  async function tick(id: string, publication: string | undefined): Promise<string> {
    if (publication !== undefined && publication !== database.publicationIdentity)
      throw new RelayError("PUBLICATION_INCOMPLETE", "the publication has been changed");
    const transaction = database.begin();
    const snapshot = database.snapshot();
    transaction.tick = { id, snapshot };
    // The server goes on by itself, whatever becomes of the process.
    if (random.chance(0.3)) await clock.delay(random.below(20));
    database.write(transaction);
    if (random.chance(0.3)) await clock.delay(random.below(20));
    database.commit(transaction);
    journal.note(`tick ${id} ${snapshot} committed at ${transaction.endLsn}`);
    const shown = Promise.withResolvers<void>();
    clock.after(random.chance(0.1) ? 50 + random.below(200) : 1, () => {
      database.show(transaction);
      shown.resolve();
    });
    await shown.promise;
    return snapshot;
  }

  return {
    leases: { acquire },
    checkpoints: {
      load: () => call("load", () => world.checkpoint),
      save: (checkpoint, epoch) =>
        call("save", () => {
          lease.assertEpoch(epoch);
          checkCheckpoint(world, checkpoint);
          world.checkpoint = checkpoint;
        }),
    },
    history: {
      lastMode: () => call("last mode", () => world.mode),
      modeChanged: (change) =>
        call("mode changed", () => {
          world.mode = change.to;
        }),
    },
    controls: {
      begin: () => call("begin control", () => world.control),
      read: () => call("read control", () => world.control),
      noteFollowed: (revision, epoch) =>
        call("note followed", () => {
          if (epoch === lease.epoch) world.control = { ...world.control, followed: revision };
        }),
    },
    heartbeat: { tick: (id, publication) => call("tick", () => tick(id, publication)) },
    slot: {
      prepare: (confirmedLsn, options) =>
        call("prepare", () => slot.prepare(confirmedLsn, { ...options, step: process.travel })),
      position: () => call("position", () => slot.state?.confirmedFlushLsn),
      publication: () => call("publication", () => database.publicationIdentity),
      readBack: () => call("read back", () => slot.state?.confirmedFlushLsn),
    },
    table: {
      openDrain: (published, resume) => call("open drain", () => openDrain(published, resume)),
    },
    deadLetters: {
      parkedKeys: () => call("parked keys", () => letters.parkedKeys()),
      ids: () => call("letter ids", () => letters.ids()),
      releasableKeys: () => call("releasable keys", () => letters.releasableKeys()),
      ofKey: (key, limits) => call("letters of key", () => letters.ofKey(key, limits)),
      park: (events, epoch) =>
        call("park", () => {
          lease.assertEpoch(epoch);
          letters.park(events);
        }),
      remove: (ids, epoch) =>
        call("remove", () => {
          lease.assertEpoch(epoch);
          letters.remove(ids);
        }),
    },
    maintenance: { run: async () => ({ made: 0, dropped: [] }) },
    tail: {
      read: (from, { settle, signal }) =>
        call("read tail", async () => {
          await process.travel();
          if (settle) await clock.delay(world.settleMs, signal);
          signal.throwIfAborted();
          return kafka.readTail(from);
        }),
    },
  };

  /** What the cursor sees is fixed when it is opened. */
  function openDrain(
    publishedText: string,
    resume: { readonly snapshot: string; readonly position: string } | undefined,
  ): OpenDrain {
    const published = parseSnapshot(publishedText);
    const resumed = resume && parseSnapshot(resume.snapshot);
    const rows = database.rows
      .filter(({ transaction: { state } }) => state === "visible")
      .filter(({ transaction: { xid = 0n } }) => !isVisible(published, xid))
      .filter(
        ({ position, transaction: { xid = 0n } }) =>
          !resume || !resumed || (isVisible(resumed, xid) && position > BigInt(resume.position)),
      );
    const snapshot = resume?.snapshot ?? database.snapshot();
    journal.note(`drain ${snapshot}: ${rows.map(({ position }) => position).join(" ")}`);
    let at = 0;
    return {
      snapshot,
      read: (limit) =>
        call("read drain", () => {
          const page = rows.slice(at, at + Math.min(limit, 1 + random.below(4))).map(({ event }) => event);
          at += page.length;
          return page;
        }),
      close: () => process.travel(),
    };
  }
}
