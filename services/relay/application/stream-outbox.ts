import { delay } from "../../platform/delay.ts";
import type { Lsn } from "../domain/lsn.ts";
import { isVisible, parseSnapshot, widenTransactionId } from "../domain/snapshot.ts";
import { createEventQueue, type EventBatch } from "./event-queue.ts";
import type { EventStream, OpenStream, StreamSink } from "./event-stream.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Reading, Resumed } from "./leadership.ts";
import { RelayError } from "./relay-error.ts";
import type { ReplicationSlot } from "./replication-slot.ts";
import { createStreamProgress } from "./stream-progress.ts";
import { createTickRoundTrip } from "./tick-round-trip.ts";

export type Streaming = Reading & {
  readonly stream: EventStream;
  readonly slot: ReplicationSlot;
  readonly heartbeat: Heartbeat;
  /** Reading is paused above `high` and goes on below `low`; bytes of events waiting to be published. */
  readonly queueBytes: { readonly high: number; readonly low: number };
  readonly tickIntervalMs: number;
  /** A stream that is silent for this long while a tick is under way is given up. */
  readonly tickTimeoutMs: number;
  /** How long the last tick is waited for at an orderly stop. */
  readonly lastTickMs: number;
};

/**
 * Publishes what comes from the WAL and confirms it, until `halt`; rejects when the stream is lost. When it is over no batch is in
 * flight any more, what was acked is in the checkpoint, and only that was confirmed to the server.
 *
 * An LSN is confirmed to the slot after the checkpoint that has it was saved, never before: a slot that is ahead of the
 * checkpoint is then a sign that it is not the slot the checkpoint speaks of. Returns the LSN confirmed last.
 *
 * `onAlive` is called once, when a tick has come back: the stream is proven.
 */
export async function streamOutbox(
  deps: Streaming,
  leadership: Resumed,
  onAlive: () => Promise<void>,
): Promise<Lsn> {
  const { saver, halt, abandon, delivery } = leadership;
  const start = saver.current;
  const progress = createStreamProgress(start, leadership.alreadyPublished);
  const { law } = progress;
  const queue = createEventQueue(deps.batch);
  const ticks = createTickRoundTrip({
    heartbeat: deps.heartbeat,
    now: () => performance.now(),
  });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const over = new AbortController();
  let open: OpenStream | undefined;
  /** What has to be found out before anything more is published. */
  let checks = 0;
  let paused = false;
  let proven = false;
  let pumping: Promise<void> | undefined;

  // What a slot repeats: transactions confirmed before, and those that a drain has published. The latter end with our own
  // first tick, for all that `published` sees came before it.
  const publishedBefore = parseSnapshot(start.published);
  let skipVisible = true;
  let skipTransaction = false;
  let committedTick: string | undefined;

  const sink: StreamSink = {
    begin(commitLsn, committedAt, xid) {
      law.begin(xid, committedAt);
      // By the id that the WAL has, not by the row's: rows of a restored dump have ids of another cluster.
      const wasPublished = () => isVisible(publishedBefore, widenTransactionId(publishedBefore, xid));
      skipTransaction = commitLsn < start.confirmedLsn || (skipVisible && wasPublished());
    },
    described() {
      check(checkPublication);
    },
    event(event) {
      if (skipTransaction) return;
      queue.push(event, law.event());
      if (!paused && queue.bytes > deps.queueBytes.high) pause();
      pump();
    },
    tick(tick) {
      if (!ticks.isOurs(tick.id)) return;
      law.tick(tick);
      committedTick = tick.id;
    },
    commit(endLsn) {
      law.commit(endLsn);
      if (committedTick !== undefined) {
        skipVisible = false;
        committedTick = undefined;
        pump();
      }
    },
    keepalive(walEnd) {
      law.keepalive(walEnd);
    },
  };

  function pause(): void {
    paused = true;
    open?.pause();
  }

  function fail(error: unknown): void {
    over.abort();
    failed.reject(error);
  }

  function check(passes: () => Promise<void>): void {
    checks += 1;
    passes().then(() => {
      checks -= 1;
      pump();
    }, fail);
  }

  function pump(): void {
    if (pumping || checks > 0 || over.signal.aborted) return;
    // A microtask later the whole chunk that the socket gave has been decoded: batches form by themselves.
    pumping = Promise.resolve()
      .then(publishQueued)
      .catch(fail)
      .finally(() => {
        pumping = undefined;
        if (queue.length > 0) pump();
      });
  }

  async function publishQueued(): Promise<void> {
    while (queue.length > 0 && checks === 0 && !over.signal.aborted) {
      const batch = queue.take();
      if (paused && queue.bytes < deps.queueBytes.low) {
        paused = false;
        open?.resume();
      }
      await delivery.deliver(batch.events);
      onDelivered(batch);
    }
    completeTick();
  }

  function onDelivered(batch: EventBatch): void {
    progress.delivered(batch, delivery.endOffsets);
    saver.note(saver.current, batch.events.length);
    deps.observer.published(batch.events, batch.transactions[0]?.committedAt ?? 0);
    deps.observer.queued(queue.length, queue.bytes);
    completeTick();
  }

  function completeTick(): void {
    law.advance();
    const tick = law.completedTick;
    const roundTrip = tick && ticks.complete(tick.id);
    if (roundTrip === undefined) return;
    deps.observer.heartbeat(roundTrip);
    proven = true;
  }

  async function saveAndConfirm(): Promise<void> {
    const checkpoint = progress.checkpoint();
    saver.note(checkpoint, 0);
    await saver.flush();
    open?.confirm(checkpoint.confirmedLsn);
  }

  async function sendTick(): Promise<void> {
    if (ticks.underWay) return;
    deps.observer.tickSent();
    progress.tickSent(await ticks.send(start.publication));
  }

  async function beat(): Promise<void> {
    let told = false;
    while (!over.signal.aborted) {
      await sendTick();
      await saveAndConfirm();
      if (proven && !told) {
        told = true;
        await onAlive();
      }
      if (!paused) checkAlive();
      await delay(proven && !told ? 0 : deps.tickIntervalMs, over.signal);
    }
  }

  function checkAlive(): void {
    const silentMs = Math.min(ticks.ageMs, performance.now() - (open?.lastReceivedAt ?? 0));
    // A walsender that is busy with what is none of ours sends nothing by itself, but answers.
    if (silentMs > deps.tickTimeoutMs / 2) open?.askForReply();
    if (silentMs > deps.tickTimeoutMs) {
      const text = `nothing came through the stream for ${Math.round(silentMs)} ms, though SQL works`;
      throw new RelayError("STREAM_SILENT", text);
    }
  }

  /** Since the slot was found somebody may have made it anew; from here on nobody can, for the server holds it for us. */
  async function checkSlot(): Promise<void> {
    const position = await deps.slot.position();
    if (position !== undefined && position <= start.confirmedLsn) return;
    throw new RelayError(
      "STREAM_LOST",
      "the slot is not where it was found: somebody made it anew or moved it",
    );
  }

  /** Else later events of a key would overtake those that the stream has passed over. */
  async function checkPublication(): Promise<void> {
    if (start.publication === undefined || (await deps.slot.publication()) === start.publication) return;
    throw new RelayError("PUBLICATION_INCOMPLETE", "the publication was changed; the WAL may lack events");
  }

  /** So that the checkpoint's snapshot covers all that was published. */
  async function lastTick(): Promise<void> {
    const deadline = AbortSignal.any([abandon, AbortSignal.timeout(deps.lastTickMs)]);
    const returned = async () => {
      while (ticks.underWay && !deadline.aborted) await delay(5, deadline);
    };
    await returned();
    await sendTick();
    await returned();
  }

  // Before the stream is open: events may come right behind the server's answer.
  checks += 1;
  const opened = await deps.stream.open(sink);
  open = opened;
  if (paused) opened.pause();
  try {
    await checkSlot();
  } catch (error) {
    over.abort();
    opened.destroy();
    throw error;
  }
  checks -= 1;
  pump();
  deps.observer.phase("streaming");
  const beating = beat();
  const lost = opened.lost.then((error) => Promise.reject(error));
  let orderly = false;
  try {
    await Promise.race([aborted(halt), failed.promise, lost, beating]);
    if (halt.reason instanceof RelayError) throw halt.reason;
    await Promise.race([lastTick(), failed.promise, lost]);
    orderly = true;
  } finally {
    over.abort();
    opened.pause();
    await Promise.allSettled([beating]);
    await pumping;
    await finish(opened, orderly);
  }
  return saver.current.confirmedLsn;

  async function finish(stream: OpenStream, orderly: boolean): Promise<void> {
    try {
      await saveAndConfirm();
      if (orderly) await stream.stop();
    } catch (err) {
      deps.log.warn(
        { err },
        "the stream did not end in order; the next start goes on from the last checkpoint",
      );
    } finally {
      stream.destroy();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
