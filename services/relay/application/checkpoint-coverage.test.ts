import { expect, test } from "vitest";
import { isCovered } from "./checkpoint-coverage.ts";

test.each([
  ["seen by published", { transactionId: "7", position: "90" }, true],
  ["in progress then", { transactionId: "8", position: "1" }, false],
  ["begun later", { transactionId: "10", position: "1" }, false],
])("without a drain an event is covered when published sees it: %s", (_, event, covered) => {
  expect(isCovered({ published: "8:10:8", drain: undefined }, event)).toBe(covered);
});

test.each([
  ["seen by the drain, up to its position", { transactionId: "8", position: "50" }, true],
  ["seen by the drain, behind its position", { transactionId: "8", position: "51" }, false],
  ["not seen by the drain, before its position", { transactionId: "12", position: "49" }, false],
  ["seen by published, behind its position", { transactionId: "7", position: "51" }, true],
])("with one also when it has come by it: %s", (_, event, covered) => {
  const drain = { snapshot: "12:13:12", position: "50" };
  expect(isCovered({ published: "8:10:8", drain }, event)).toBe(covered);
});
