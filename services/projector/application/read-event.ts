import type { OrderEvent } from "../domain/order-event.ts";
import type { ConsumedRecord } from "./consumed-record.ts";

/** Understands a record. Pure. @throws UnreadableRecord when it cannot be understood. */
export type ReadEvent = (record: ConsumedRecord) => OrderEvent;
