import { z } from "zod";

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/**
 * The form of W3C Baggage (https://opentelemetry.io/docs/specs/otel/resource/sdk/): `name=value,…`, values percent-encoded. The message
 * never has the value: headers are secrets.
 */
const pairs = () =>
  z.string().transform((text, context) => {
    const found = new Map<string, string>();
    for (const pair of text.split(",")) {
      const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      try {
        if (!name || value === undefined) throw new Error("not a pair");
        found.set(name, decodeURIComponent(value));
      } catch {
        context.addIssue({
          code: "custom",
          message: "must be name=value, more of them separated by commas, values percent-encoded",
        });
        return z.NEVER;
      }
    }
    return found as ReadonlyMap<string, string>;
  });

/** OpenTelemetry's own (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/), those that are of use here. */
export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .refine((value) => URL.canParse(value) && ["http:", "https:"].includes(new URL(value).protocol), {
      message: "must be a URL that starts with http:// or https://",
    })
    .optional()
    .describe(
      "Where traces go, by OTLP over HTTP (/v1/traces is appended), as http://127.0.0.1:4318; without it nothing is traced",
    ),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(["http/protobuf"], "must be http/protobuf: no other protocol is built in")
    .default("http/protobuf")
    .describe("How traces are sent"),
  OTEL_EXPORTER_OTLP_HEADERS: pairs()
    .optional()
    .describe("Headers of each export, such as a token: name=value,…"),
  OTEL_SERVICE_NAME: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      "The service's name in traces; unless set orders-api, outbox-relay (with RELAY_NAME as its namespace), orders-projector",
    ),
  OTEL_RESOURCE_ATTRIBUTES: pairs()
    .optional()
    .describe("What all spans of the process say, such as deployment.environment.name=prod: name=value,…"),
  OTEL_TRACES_SAMPLER: z
    .enum(samplers)
    .default("parentbased_always_on")
    .describe(
      "Which traces are collected: always_on, always_off, traceidratio, each also as parentbased_, which does as the caller did",
    ),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number("must be a number from 0 to 1")
    .min(0, "must be a number from 0 to 1")
    .max(1, "must be a number from 0 to 1")
    .default(1)
    .describe("The part of all traces that the samplers with traceidratio collect, 0 to 1"),
};

/** What they are parsed to. */
export type TracingConfig = Readonly<z.output<z.ZodObject<typeof tracingVariables>>>;
