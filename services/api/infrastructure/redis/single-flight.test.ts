import { expect, test } from "vitest";
import { createSingleFlight } from "./single-flight.ts";

const never = new AbortController().signal;

function createFetch() {
  const flights: (PromiseWithResolvers<string> & { signal: AbortSignal })[] = [];
  const fetch = (signal: AbortSignal) => {
    const flight = { ...Promise.withResolvers<string>(), signal };
    flights.push(flight);
    return flight.promise;
  };
  return { flights, fetch };
}

test("what many want at once is fetched once, for each key apart, and anew when it is over", async () => {
  const { flights, fetch } = createFetch();
  const join = createSingleFlight<string>().join;
  const all = [join("a", fetch, never), join("a", fetch, never), join("b", fetch, never)];
  expect(flights).toHaveLength(2);
  flights[0]?.resolve("A");
  flights[1]?.resolve("B");
  expect(await Promise.all(all)).toEqual(["A", "A", "B"]);
  const again = join("a", fetch, never);
  expect(flights).toHaveLength(3);
  flights[2]?.resolve("A2");
  expect(await again).toBe("A2");
});

test("a failure is everybody's, and the next one tries again", async () => {
  const { flights, fetch } = createFetch();
  const join = createSingleFlight<string>().join;
  const all = Promise.allSettled([join("a", fetch, never), join("a", fetch, never)]);
  flights[0]?.reject(new Error("planted"));
  expect((await all).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const again = join("a", fetch, never);
  flights[1]?.resolve("A");
  expect(await again).toBe("A");
});

test("who leaves does not end it for the others; when the last has left it is given up, and nobody joins it any more", async () => {
  const { flights, fetch } = createFetch();
  const join = createSingleFlight<string>().join;
  const [first, last] = [new AbortController(), new AbortController()];
  const one = join("a", fetch, first.signal);
  const other = join("a", fetch, last.signal);
  first.abort();
  await expect(one).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(flights[0]?.signal.aborted).toBe(false);
  last.abort();
  await expect(other).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(flights[0]?.signal.aborted).toBe(true);
  const next = join("a", fetch, never);
  expect(flights).toHaveLength(2);
  flights[0]?.reject(new Error("given up")); // is nobody's, and no unhandled rejection
  flights[1]?.resolve("A");
  expect(await next).toBe("A");
  await expect(join("a", fetch, AbortSignal.abort())).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(flights).toHaveLength(2);
});
