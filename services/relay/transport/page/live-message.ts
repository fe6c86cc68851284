import type { LiveState } from "../../application/live/live-state.ts";
import type { SampleRow, sampleColumns } from "../../application/live/sample-ring.ts";

/** What is sent to the page each second, and first of all as it connects. Times of the history are ISO 8601 on the way. */
export interface LiveMessage {
  /** The samples begin anew: what the page has of another process, or from too long ago, is to be forgotten. */
  readonly fresh: boolean;
  readonly samples: readonly Nullable<SampleRow>[];
  readonly state: AsJson<LiveState>;
}

/** The order of a sample's numbers. */
export type SampleColumns = typeof sampleColumns;

type Nullable<Row extends readonly number[]> = readonly (Row[number] | null)[];

/** The type of a value once it has been JSON. */
type AsJson<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? readonly AsJson<E>[]
    : T extends object
      ? { readonly [K in keyof T]: AsJson<T[K]> }
      : T;
