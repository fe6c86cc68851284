import { randomUUID, randomUUIDv7 } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createUuidSet } from "./uuid-set.ts";

test("holds what was added and gives each out once, like a Set of strings", () => {
  const uuid = fc
    .integer({ min: 0, max: 30 })
    .map((n) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`);
  const action = fc.record({ add: fc.boolean(), uuid });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const set = createUuidSet();
      const model = new Set<string>();
      for (const { add, uuid } of actions) {
        if (add) {
          set.add(uuid);
          model.add(uuid);
        } else {
          expect(set.has(uuid)).toBe(model.has(uuid));
          expect(set.take(uuid)).toBe(model.delete(uuid));
        }
        expect(set.size).toBe(model.size);
      }
    }),
  );
});

test("grows, and tells UUIDs apart that differ in one digit or were made in the same millisecond", () => {
  const set = createUuidSet();
  const uuids = Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? randomUUIDv7() : randomUUID()));
  for (const uuid of uuids) set.add(uuid);
  const added = new Set<string>(uuids);
  expect(set.size).toBe(10_000);
  for (const uuid of uuids) {
    const other = `${uuid.slice(0, -1)}${uuid.endsWith("0") ? "1" : "0"}`;
    if (!added.has(other)) expect(set.take(other)).toBe(false);
    expect(set.take(uuid.toUpperCase())).toBe(true);
    expect(set.take(uuid)).toBe(false);
  }
  expect(set.size).toBe(0);
});

test("holds as many as it was told of beforehand, and more", () => {
  const expected = 5_000;
  for (const count of [expected, 4 * expected]) {
    const set = createUuidSet(expected);
    const uuids = Array.from({ length: count }, () => randomUUIDv7());
    for (const uuid of uuids) set.add(uuid);
    expect(set.size).toBe(count);
    for (const uuid of uuids) expect(set.take(uuid)).toBe(true);
    expect(set.has(uuids[0] ?? "")).toBe(false);
  }
});

test("what is no UUID is refused", () => {
  const set = createUuidSet();
  for (const text of [
    "",
    "x",
    "00000000-0000-0000-0000-00000000000g",
    "000000000000-0000-0000-0000-00000000",
  ])
    expect(() => set.add(text)).toThrow(RangeError);
});
