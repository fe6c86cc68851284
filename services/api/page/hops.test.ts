import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { EventPathSchema } from "../../gen/orders/v1/order_service_pb.ts";
import { describeHop, hopsOf } from "./hops.ts";

const describe = (path: Parameters<typeof hopsOf>[0], shownAt: number) =>
  hopsOf(path, shownAt).map(describeHop);

test("each hop takes the time between its two ends", () => {
  const path = create(EventPathSchema, {
    writtenAt: timestampFromMs(1_000),
    publishedAt: timestampFromMs(1_003),
    projectedAt: timestampFromMs(1_010),
  });
  expect(describe(path, 1_012)).toEqual([
    "commit → Kafka: 3 ms",
    "Kafka → Redis: 7 ms",
    "Redis → page: 2 ms",
  ]);
});

test("a time that is missing, or of another clock, is said to be so", () => {
  const path = create(EventPathSchema, {
    publishedAt: timestampFromMs(1_000),
    projectedAt: timestampFromMs(900),
  });
  expect(describe(path, 1_000)).toEqual([
    "commit → Kafka: not known",
    "Kafka → Redis: the clocks differ",
    "Redis → page: 100 ms",
  ]);
});
