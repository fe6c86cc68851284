import { type RouteConfig, z } from "@hono/zod-openapi";
import { type ProblemCode, problemCodes, problemType, problemTypes } from "../problem-types.ts";
import { answerHeaders } from "./headers.ts";

type Responses = RouteConfig["responses"];

const wrongPart = z
  .object({
    pointer: z
      .string()
      .optional()
      .openapi({ description: "JSON pointer (RFC 6901) into the body", example: "#/lines/0/quantity" }),
    parameter: z.string().optional().openapi({ description: "Name in the path or in the query" }),
    header: z.string().optional().openapi({ description: "Name of a request header" }),
    detail: z
      .string()
      .openapi({ description: "What is wrong there", example: "value must be greater than 0" }),
  })
  .openapi("WrongPart", {
    description: "A wrong part of a request: in its body, its address or its headers",
  });

const problem = z
  .object({
    type: z
      .enum(problemCodes.map(problemType) as [string, ...string[]])
      .openapi({ description: "What kind of problem it is; a page at this address explains it" }),
    title: z.string().openapi({ description: "The kind in words" }),
    status: z.int().openapi({ description: "The status code" }),
    detail: z.string().openapi({ description: "What was wrong this time" }),
    instance: z.string().openapi({ description: "The path that was asked for" }),
    trace_id: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .openapi({ description: "Name it to support: the service's log has it" }),
    errors: z
      .array(wrongPart)
      .optional()
      .openapi({ description: "All that is wrong, as far as it is known" }),
  })
  .openapi("Problem", { description: "Why a request was refused (RFC 9457)" });

/** What every operation can be refused for. */
const always: readonly ProblemCode[] = [
  "INVALID_REQUEST",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "NOT_ACCEPTABLE",
  "RATE_LIMITED",
  "INTERNAL_ERROR",
  "OVERLOADED",
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
];

export const bodyProblems = [
  "MALFORMED_JSON",
  "CONTENT_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
] as const satisfies ProblemCode[];

export const idempotencyProblems = [
  "IDEMPOTENCY_KEY_REUSED",
  "IDEMPOTENCY_KEY_IN_FLIGHT",
] as const satisfies ProblemCode[];

/** The documented answers to a refused request, one for each status. */
export function problemAnswers(...codes: ProblemCode[]): Responses {
  const byStatus = Map.groupBy([...always, ...codes], (code) => problemTypes[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus
          .map((code) => `${problemTypes[code].title} (\`${problemType(code)}\`)`)
          .join("; "),
        content: { "application/problem+json": { schema: problem } },
        headers: answerHeaders(...extraHeaders(status)),
      },
    ]),
  );
}

function extraHeaders(status: number) {
  if (status === 401) return ["WWW-Authenticate"] as const;
  return status === 429 || status === 503 ? (["Retry-After"] as const) : [];
}
