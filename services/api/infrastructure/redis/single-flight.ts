import { OrderError } from "../../domain/order-error.ts";

/** What many want at the same time is fetched once. */
export interface SingleFlight<T> {
  /**
   * Joins the fetch that is under way for `key`, or begins one. Who joins waits as long as its own `signal` lets it; the fetch goes on for the
   * others, and its signal aborts when the last of them has left.
   * @throws OrderError DEADLINE_EXCEEDED when `signal` aborts; what `fetch` throws
   */
  join(key: string, fetch: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  function begin(key: string, fetch: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { result: fetch(controller.signal), controller, waiting: 0 };
    const over = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    flight.result.then(over, over);
    flights.set(key, flight);
    return flight;
  }

  return {
    async join(key, fetch, signal) {
      if (signal.aborted) throw left(signal);
      const flight = flights.get(key) ?? begin(key, fetch);
      flight.waiting += 1;
      const { promise: leaving, reject } = Promise.withResolvers<never>();
      const leave = () => reject(left(signal));
      signal.addEventListener("abort", leave, { once: true });
      try {
        return await Promise.race([flight.result, leaving]);
      } finally {
        signal.removeEventListener("abort", leave);
        flight.waiting -= 1;
        if (flight.waiting === 0 && flights.get(key) === flight) {
          flights.delete(key); // who comes now does not join what is given up
          flight.controller.abort();
        }
      }
    },
  };
}

function left({ reason }: AbortSignal): OrderError {
  return new OrderError("DEADLINE_EXCEEDED", "the caller waits no longer", [], { cause: reason });
}
