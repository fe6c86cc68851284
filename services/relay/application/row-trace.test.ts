import { expect, test } from "vitest";
import { rowTrace, sampledTrace } from "./row-trace.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const unsampled = traceparent.replace(/01$/, "00");

test("a trace is read of the headers as Postgres prints them, with its tracestate", () => {
  const headers = `{"n": 9007199254740993, "tracestate": "vendor=1", "traceparent": "${traceparent}"}`;
  expect(rowTrace(headers)).toEqual({ traceparent, tracestate: "vendor=1" });
  expect(sampledTrace(headers)).toEqual({ traceparent, tracestate: "vendor=1" });
});

test("one that nobody collects is none to make spans of", () => {
  const headers = `{"traceparent": "${unsampled}"}`;
  expect(rowTrace(headers)).toEqual({ traceparent: unsampled });
  expect(sampledTrace(headers)).toBeUndefined();
});

test.each([
  "{}",
  '{"other": "x"}',
  '{"traceparent": "00-ab-cd-01"}',
  '{"traceparent": 1}',
  `{"traceparent": "${traceparent}-more"}`,
  `{"other": "\\"traceparent\\": \\"${traceparent}"}`,
  `{"deeper": {"traceparent": "${traceparent}"}}`,
])("there is none in %s", (headers) => {
  expect(rowTrace(headers)).toBeUndefined();
  expect(sampledTrace(headers)).toBeUndefined();
});
