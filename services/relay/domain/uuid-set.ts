const EMPTY = 0;
const PRESENT = 1;
const TAKEN = 2;

const WORDS = 4;
const LEAST_CAPACITY = 1024;
/** When it is fuller than this, the table doubles. */
const FULL = 0.8;

/**
 * A set of UUIDs at 21 bytes of memory each when it is told beforehand how many there will be, else up to 43 (a Set of strings takes
 * about 90): it may have to hold a transaction of a million events. Open addressing with linear probing over the 128 bits.
 */
export interface UuidSet {
  /** @throws RangeError when the text is not a UUID. */
  add(uuid: string): void;
  /** Removes the UUID; true when it was there. */
  take(uuid: string): boolean;
  has(uuid: string): boolean;
  readonly size: number;
}

export function createUuidSet(expected = 0): UuidSet {
  let capacity = Math.max(LEAST_CAPACITY, Math.ceil(expected / FULL) + 1);
  let words = new Int32Array(capacity * WORDS);
  let states = new Uint8Array(capacity);
  /** Slots that are not empty. */
  let used = 0;
  let size = 0;
  const sought = new Int32Array(WORDS);

  /** The slot that holds `sought`, or the empty one where it would go. */
  function find(): number {
    let slot = Math.floor((hash(sought) / HASHES) * capacity);
    for (;;) {
      if (states[slot] === EMPTY || holdsSought(slot)) return slot;
      slot = slot + 1 === capacity ? 0 : slot + 1;
    }
  }

  function holdsSought(slot: number): boolean {
    const at = slot * WORDS;
    for (let i = 0; i < WORDS; i++) if (words[at + i] !== sought[i]) return false;
    return true;
  }

  function put(): void {
    const slot = find();
    if (states[slot] === PRESENT) return;
    if (states[slot] === EMPTY) {
      words.set(sought, slot * WORDS);
      used += 1;
    }
    states[slot] = PRESENT;
    size += 1;
  }

  function grow(): void {
    const oldWords = words;
    const oldStates = states;
    capacity *= 2;
    words = new Int32Array(capacity * WORDS);
    states = new Uint8Array(capacity);
    used = 0;
    size = 0;
    for (let slot = 0; slot < oldStates.length; slot++) {
      if (oldStates[slot] !== PRESENT) continue;
      sought.set(oldWords.subarray(slot * WORDS, slot * WORDS + WORDS));
      put();
    }
  }

  return {
    add(uuid) {
      if (used >= capacity * FULL) grow();
      parse(uuid, sought);
      put();
    },
    take(uuid) {
      parse(uuid, sought);
      const slot = find();
      if (states[slot] !== PRESENT) return false;
      states[slot] = TAKEN;
      size -= 1;
      return true;
    },
    has(uuid) {
      parse(uuid, sought);
      return states[find()] === PRESENT;
    },
    get size() {
      return size;
    },
  };
}

/** The text form of RFC 9562, section 4; either case. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function parse(uuid: string, into: Int32Array): void {
  if (!UUID.test(uuid)) throw new RangeError(`not a UUID: ${JSON.stringify(uuid)}`);
  into[0] = Number.parseInt(uuid.slice(0, 8), 16);
  into[1] = Number.parseInt(uuid.slice(9, 13) + uuid.slice(14, 18), 16);
  into[2] = Number.parseInt(uuid.slice(19, 23) + uuid.slice(24, 28), 16);
  into[3] = Number.parseInt(uuid.slice(28, 36), 16);
}

const HASHES = 2 ** 32;

/** From 0 to below `HASHES`. UUIDs of version 7 differ little in their first bits: all four words are mixed in. */
function hash(words: Int32Array): number {
  let h = 0x9747b28c;
  for (const word of words) {
    h = Math.imul(h ^ word, 0x5bd1e995);
    h ^= h >>> 15;
  }
  return Math.imul(h, 0x5bd1e995) >>> 0;
}
