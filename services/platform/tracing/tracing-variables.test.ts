import { expect, test } from "vitest";
import { z } from "zod";
import { faultsOf } from "../../../test/support/config-faults.ts";
import { loadConfig, redactConfig } from "../config.ts";
import { tracingVariables } from "./tracing-variables.ts";

const schema = z.object(tracingVariables);

const problemsOf = (environment: Record<string, string>) =>
  faultsOf(() => loadConfig(schema, environment)).map(({ variable, problem }) => `${variable}: ${problem}`);

test("nothing need be set, and then there is no address to send traces to", () => {
  expect(loadConfig(schema, {})).toEqual({
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_TRACES_SAMPLER: "parentbased_always_on",
    OTEL_TRACES_SAMPLER_ARG: 1,
  });
});

test.each([
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", "must be a URL that starts with http:// or https://"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "must be http/protobuf: no other protocol is built in"],
  ["OTEL_TRACES_SAMPLER_ARG", "2", "must be a number from 0 to 1"],
  ["OTEL_TRACES_SAMPLER_ARG", "some", "must be a number from 0 to 1"],
])("%s=%s is refused at the start", (name, value, problem) => {
  expect(problemsOf({ [name]: value })).toEqual([`${name}: ${problem}`]);
});

test("a sampler that nobody knows is refused", () => {
  expect(problemsOf({ OTEL_TRACES_SAMPLER: "sometimes" })).toHaveLength(1);
});

test("headers are pairs, are told by no fault and shown in no log", () => {
  const config = loadConfig(schema, {
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20t0ken, x-scope=1",
  });
  expect(config.OTEL_EXPORTER_OTLP_HEADERS).toEqual(
    new Map([
      ["authorization", "Bearer t0ken"],
      ["x-scope", "1"],
    ]),
  );
  expect(JSON.stringify(redactConfig(config))).not.toContain("t0ken");
  for (const wrong of ["t0ken", "=t0ken", "a=%t0ken"]) {
    const faults = problemsOf({ OTEL_EXPORTER_OTLP_HEADERS: wrong });
    expect(faults).toHaveLength(1);
    expect(faults[0]).not.toContain("t0ken");
  }
});
