import type { Checkpoint } from "../../application/checkpoint-store.ts";
import { formatLsn, type Lsn } from "../../domain/lsn.ts";
import type { OutboxEvent } from "../../domain/outbox-event.ts";
import { isVisible, parseSnapshot, type Snapshot } from "../../domain/snapshot.ts";
import type { TopicOffsets } from "../../domain/topic-offsets.ts";
import type { ModelRow } from "./model-database.ts";
import { TOPIC } from "./model-kafka.ts";
import type { World } from "./world.ts";

/** On Kafka, in the dead letters, or dropped because a person wanted that: it need not be read again. */
export function isSafe({ kafka, letters }: World, { id }: OutboxEvent): boolean {
  return kafka.has(id) || letters.has(id) || letters.discarded.has(id);
}

export function committedRows({ database }: World): ModelRow[] {
  return database.wal.flatMap(({ rows }) => rows);
}

/** At every record: it is committed, new, not parked or dropped, and all before it of its key are there. */
export function checkAppend(world: World, event: OutboxEvent): void {
  const { database, kafka, letters, journal } = world;
  const row = database.rows.find(({ event: { id } }) => id === event.id);
  const fault = (text: string) => journal.violated(`event ${event.position} on Kafka ${text}`);
  if (row?.transaction.state !== "committed" && row?.transaction.state !== "visible")
    fault("is not committed");
  if (kafka.has(event.id)) fault("is repeated");
  if (letters.discarded.has(event.id)) fault("had been discarded");
  if (letters.letters.some((letter) => letter.event.id === event.id && letter.isRefused && !letter.request))
    fault("is a dead letter, and nobody has asked for it");
  for (const other of committedRows(world)) {
    if (other.key !== row?.key || other === row) continue;
    if (other.position > row.position && kafka.has(other.event.id)) fault(`comes after ${other.position}`);
    if (other.position > row.position) continue;
    if (!kafka.has(other.event.id) && !isUnwanted(world, other.event.id))
      fault(`overtakes ${other.position}`);
  }
}

/** A person has asked to drop it. */
function isUnwanted({ letters }: World, id: string): boolean {
  if (letters.discarded.has(id)) return true;
  return letters.letters.some(({ event, request }) => event.id === id && request === "discard");
}

/** At every confirmation: it is in the checkpoint already, and what begins below it, of which the slot lets go, is safe. */
export function checkConfirm(world: World, lsn: Lsn): void {
  if (lsn > world.checkpoint.confirmedLsn)
    world.journal.violated(`${formatLsn(lsn)} is confirmed before the checkpoint that has it is saved`);
  for (const { commitLsn, rows } of world.database.wal) {
    if (commitLsn >= lsn) break;
    for (const row of rows) {
      if (!isSafe(world, row.event) && !isHidden(row))
        world.journal.violated(`${formatLsn(lsn)} is confirmed, but event ${row.position} is nowhere`);
    }
  }
}

/** The stream passes over it in silence: only a drain can bring it. */
function isHidden({ writtenUnder }: ModelRow): boolean {
  return writtenUnder === "without the table";
}

/** At every checkpoint: what it covers is safe, and what it does not cover stands at or after its offsets. */
export function checkCheckpoint(world: World, checkpoint: Checkpoint): void {
  if (checkpoint.confirmedLsn > 0n && checkpoint.publication === undefined)
    world.journal.violated("the checkpoint has an LSN, but not the publication that the WAL is read through");
  const published = parseSnapshot(checkpoint.published);
  const drained = checkpoint.drain && parseSnapshot(checkpoint.drain.snapshot);
  const seen = new Map<string, { isPublished: boolean; isConfirmed: boolean }>();
  for (const row of committedRows(world)) {
    const isPublished = covers(row, published) || isDrained(row, checkpoint, drained);
    const isConfirmed = row.transaction.endLsn <= checkpoint.confirmedLsn;
    seen.set(row.event.id, { isPublished, isConfirmed });
    if ((isPublished || (isConfirmed && !isHidden(row))) && !isSafe(world, row.event))
      world.journal.violated(`the checkpoint covers event ${row.position}, which is nowhere`);
  }
  for (const { event, partition, offset } of world.kafka.records) {
    const isLetter = world.letters.has(event.id);
    const { isPublished = false, isConfirmed = false } = seen.get(event.id) ?? {};
    const isBelow = (offsets: TopicOffsets) => offset < Number(offsets[TOPIC]?.[partition] ?? 0);
    if ((!isPublished || isLetter) && isBelow(checkpoint.publishedOffsets))
      world.journal.violated(`event ${event.position} is not covered, but stands before published_offsets`);
    if (!isPublished && !isConfirmed && isBelow(checkpoint.confirmedOffsets))
      world.journal.violated(`event ${event.position} is not covered, but stands before confirmed_offsets`);
  }
}

function covers({ transaction: { xid } }: ModelRow, snapshot: Snapshot): boolean {
  return xid !== undefined && isVisible(snapshot, xid);
}

function isDrained(row: ModelRow, { drain }: Checkpoint, snapshot: Snapshot | undefined): boolean {
  if (!drain || !snapshot) return false;
  return covers(row, snapshot) && row.position <= BigInt(drain.position);
}
