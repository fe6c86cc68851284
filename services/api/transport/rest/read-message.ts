import { type DescMessage, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { isFieldError } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import type { FieldViolation } from "../../domain/order-error.ts";
import { errorTable } from "../error-table.ts";
import { Problem } from "./problem.ts";

const validator = createValidator();

/**
 * Reads a JSON body as the contract's message (proto3 JSON: int64 as decimal strings or safe integers) under the contract's own
 * rules, so that both doors refuse the same.
 * @throws Problem 400, with the fields that are wrong.
 */
export function readMessage<Desc extends DescMessage>(schema: Desc, text: string): MessageShape<Desc> {
  const message = decode(schema, parse(text));
  const result = validator.validate(schema, message);
  if (result.kind === "valid") return message;
  if (result.kind === "error") throw result.error;
  const violations = result.violations.map(({ field, message }) => ({
    path: toPath(field),
    problem: message,
  }));
  throw invalid("the request breaks the rules of its fields", violations);
}

/** A JSON number whose digits JavaScript's numbers cannot hold: it would be rounded. */
class InexactNumber {}

/** A number with so many digits. Inside a text they do no harm: they only cost time. */
const LONG_NUMBER = /[[:,]\s*-?\d{16,}/;

function parse(text: string): JsonValue {
  let inexact = false;
  let value: unknown;
  try {
    value = LONG_NUMBER.test(text)
      ? JSON.parse(text, (_key, value, context?: { source?: string }) => {
          if (typeof value !== "number" || isExact(value, context?.source)) return value;
          inexact = true;
          return new InexactNumber();
        })
      : JSON.parse(text);
  } catch (cause) {
    throw new Problem({ status: 400, title: "Malformed JSON", detail: "the body is not JSON", cause });
  }
  const violations: FieldViolation[] = [];
  if (inexact || !text.isWellFormed() || text.includes("\\u")) collect(value, [], violations);
  if (violations.length > 0) throw invalid("the body has values that cannot be kept exactly", violations);
  return value as JsonValue;
}

function isExact(value: number, source: string | undefined): boolean {
  return Number.isSafeInteger(value) || source === undefined || !/^-?\d+$/.test(source);
}

function collect(value: unknown, path: readonly (string | number)[], found: FieldViolation[]): void {
  if (value instanceof InexactNumber) {
    found.push({ path, problem: "beyond 2^53 a number would be rounded: send it as a string of digits" });
  } else if (typeof value === "string") {
    if (!value.isWellFormed())
      found.push({ path, problem: "has half of a surrogate pair: not Unicode text" });
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      collect(item, [...path, index], found);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) collect(item, [...path, name], found);
  }
}

function decode<Desc extends DescMessage>(schema: Desc, json: JsonValue): MessageShape<Desc> {
  try {
    return fromJson(schema, json);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const cause = isFieldError(error) ? error : error.cause;
    const field = isFieldError(cause) ? cause.field() : undefined;
    if (field?.kind === "field" && field.parent.typeName === schema.typeName) {
      throw invalid(error.message, [{ path: [field.jsonName], problem: (cause as Error).message }]);
    }
    throw invalid(error.message, []);
  }
}

function toPath(path: Path): (string | number)[] {
  return path.flatMap((part): (string | number)[] => {
    if (part.kind === "field") return [part.jsonName];
    return part.kind === "list_sub" ? [part.index] : [];
  });
}

function invalid(detail: string, violations: readonly FieldViolation[]): Problem {
  const { status, type, title } = errorTable.INVALID_REQUEST;
  return new Problem({ status, type, title, detail, violations });
}
