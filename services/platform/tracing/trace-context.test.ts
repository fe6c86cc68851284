import { expect, test } from "vitest";
import { isSampled, readTraceContext, traceHeaders, traceIdOf } from "./trace-context.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test.each([
  ["none", undefined],
  ["nothing in it", ""],
  ["an id of zeros only", traceparent.replace(/-0af\w+/, `-${"0".repeat(32)}`)],
  ["a parent of zeros only", traceparent.replace(/-b7\w+/, `-${"0".repeat(16)}`)],
  ["the version that is forbidden", traceparent.replace(/^00/, "ff")],
  ["capital letters", traceparent.toUpperCase()],
  ["more behind it", `${traceparent}-x`],
])("a traceparent with %s counts as none, and its tracestate with it", (_, header) => {
  expect(readTraceContext(header, "a=1")).toBeUndefined();
});

test("what is read goes on as it came, without a tracestate that is malformed or too long", () => {
  expect(traceHeaders(readTraceContext(traceparent, "a=1,b=2"))).toEqual({
    traceparent,
    tracestate: "a=1,b=2",
  });
  for (const tracestate of [undefined, "", "a=\n", "a=".padEnd(513, "x")])
    expect(traceHeaders(readTraceContext(traceparent, tracestate))).toEqual({ traceparent });
  expect(traceHeaders(undefined)).toEqual({});
});

test("the trace's id and whether it is collected are told by its traceparent", () => {
  expect(traceIdOf({ traceparent })).toBe("0af7651916cd43dd8448eb211c80319c");
  expect(traceIdOf(undefined)).toBeUndefined();
  const sampled = ["01", "03", "ff", "00", "02"].map((flags) =>
    isSampled({ traceparent: traceparent.replace(/01$/, flags) }),
  );
  expect(sampled).toEqual([true, true, true, false, false]);
});
