const EMPTY = 0;
const PRESENT = 1;
const TAKEN = 2;

const WORDS = 4;
const FIRST_CAPACITY = 1024;

/**
 * A set of UUIDs at 23 to 45 bytes of memory each (a Set of strings takes about 90): it may have to hold a transaction of a million
 * events. Open addressing with linear probing over the 128 bits; the table doubles when three quarters are full.
 */
export interface UuidSet {
  /** @throws RangeError when the text is not a UUID. */
  add(uuid: string): void;
  /** Removes the UUID; true when it was there. */
  take(uuid: string): boolean;
  has(uuid: string): boolean;
  readonly size: number;
  /** The memory behind it, to be handed to another thread; the set must not be used any more then. */
  readonly state: UuidSetState;
}

export interface UuidSetState {
  readonly words: Int32Array<ArrayBuffer>;
  readonly states: Uint8Array<ArrayBuffer>;
  /** Slots that are not empty. */
  readonly used: number;
  readonly size: number;
}

export function createUuidSet(state: UuidSetState = emptyState(FIRST_CAPACITY)): UuidSet {
  let { words, states, used, size } = state;
  let capacity = states.length;
  const sought = new Int32Array(WORDS);

  /** The slot that holds `sought`, or the empty one where it would go. */
  function find(): number {
    const mask = capacity - 1;
    let slot = hash(sought) & mask;
    for (;;) {
      if (states[slot] === EMPTY || holdsSought(slot)) return slot;
      slot = (slot + 1) & mask;
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
    ({ words, states, used, size } = emptyState(capacity));
    for (let slot = 0; slot < oldStates.length; slot++) {
      if (oldStates[slot] !== PRESENT) continue;
      sought.set(oldWords.subarray(slot * WORDS, slot * WORDS + WORDS));
      put();
    }
  }

  return {
    add(uuid) {
      if (used * 4 >= capacity * 3) grow();
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
    get state() {
      return { words, states, used, size };
    },
  };
}

function emptyState(capacity: number): UuidSetState {
  return {
    words: new Int32Array(capacity * WORDS),
    states: new Uint8Array(capacity),
    used: 0,
    size: 0,
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

/** UUIDs of version 7 differ little in their first bits: all four words are mixed in. */
function hash(words: Int32Array): number {
  let h = 0x9747b28c;
  for (const word of words) {
    h = Math.imul(h ^ word, 0x5bd1e995);
    h ^= h >>> 15;
  }
  return h;
}
