import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { EventPath } from "../../gen/orders/v1/order_service_pb.ts";

export interface Hop {
  readonly name: string;
  /** Undefined when a time is not known. */
  readonly milliseconds: number | undefined;
}

/** The way of an event, a hop after the other. The last one ends here, by this device's clock: it can be off. */
export function hopsOf(path: EventPath, shownAt: number): Hop[] {
  const at = (time: Timestamp | undefined) => (time === undefined ? undefined : timestampMs(time));
  const stops: [string, number | undefined][] = [
    ["commit", at(path.writtenAt)],
    ["Kafka", at(path.publishedAt)],
    ["Redis", at(path.projectedAt)],
    ["page", shownAt],
  ];
  return stops.slice(1).map(([name, time], index) => {
    const [before, from] = stops[index] as [string, number | undefined];
    const milliseconds = time === undefined || from === undefined ? undefined : Math.round(time - from);
    return { name: `${before} → ${name}`, milliseconds };
  });
}

export function describeHop({ name, milliseconds }: Hop): string {
  if (milliseconds === undefined) return `${name}: not known`;
  if (milliseconds < 0) return `${name}: the clocks differ`;
  return `${name}: ${milliseconds} ms`;
}
