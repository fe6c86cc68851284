import { type DescField, type DescMessage, getOption, ScalarType } from "@bufbuild/protobuf";
import { z } from "@hono/zod-openapi";
import {
  field as fieldRules,
  type Int32Rules,
  type Int64Rules,
  type StringRules,
} from "../../../../gen/buf/validate/validate_pb.ts";

/** What a field is for and how it looks, in words: the contract's comments are not there at run time. */
export interface FieldText {
  /** Left out for a type that describes itself. */
  readonly description?: string;
  readonly example?: unknown;
  /** In an answer: there are states in which it is not there. */
  readonly mayBeAbsent?: true;
}

export type FieldTexts<Desc extends DescMessage> = { readonly [Name in keyof Desc["field"]]?: FieldText };

/** Of messages within messages, and of enums, by the type's name. */
export type Parts = Readonly<Record<string, z.ZodType>>;

/**
 * The schema of the message's fields that `texts` names, as JSON has them in a request: made from the contract's own rules, so that what
 * is documented is what is checked. A rule that is not known here is an error at the start: none is left out unseen.
 */
export function requestFields<Desc extends DescMessage>(
  schema: Desc,
  texts: FieldTexts<Desc>,
  parts: Parts = {},
): Record<string, z.ZodType> {
  return fieldsOf(schema, texts, (field) => {
    const { type, isRequired } = requestType(field, parts);
    return isRequired ? type : type.optional();
  });
}

/** The same in an answer: what is stored once kept the rules; only the types are promised. */
export function answerFields<Desc extends DescMessage>(
  schema: Desc,
  texts: FieldTexts<Desc>,
  parts: Parts = {},
): Record<string, z.ZodType> {
  return fieldsOf(schema, texts, (field) => answerType(field, parts));
}

function fieldsOf<Desc extends DescMessage>(
  schema: Desc,
  texts: FieldTexts<Desc>,
  typeOf: (field: DescField) => z.ZodType,
): Record<string, z.ZodType> {
  const described = schema.fields.filter(({ localName }) => Object.hasOwn(texts, localName));
  return Object.fromEntries(
    described.map((field) => {
      const { mayBeAbsent, ...text } = texts[field.localName as keyof typeof texts] as FieldText;
      const type = mayBeAbsent ? typeOf(field).optional() : typeOf(field);
      return [field.jsonName, text.description === undefined ? type : type.openapi(text)];
    }),
  );
}

const MAX_INT32 = 2 ** 31 - 1;

interface RequestType {
  readonly type: z.ZodType;
  /** What is left out is the type's zero: it is required when the rules refuse that. */
  readonly isRequired: boolean;
}

function requestType(field: DescField, parts: Parts): RequestType {
  const rules = getOption(field, fieldRules);
  requireNoOthers(field, rules, ["type"]);
  const { type } = rules;
  if (field.fieldKind === "list" && type.case === "repeated") {
    const { minItems, maxItems } = type.value;
    requireNoOthers(field, type.value, ["minItems", "maxItems"]);
    const items = z.array(partOf(field, parts)).min(Number(minItems)).max(Number(maxItems));
    return { type: items, isRequired: minItems > 0n };
  }
  if (field.fieldKind === "enum" && type.case === "enum") {
    requireNoOthers(field, type.value, ["definedOnly"]);
    return { type: partOf(field, parts), isRequired: false };
  }
  if (field.fieldKind === "scalar" && type.case === "string") return stringType(field, type.value);
  if (field.fieldKind === "scalar" && type.case === "int64") return int64Type(field, type.value);
  if (field.fieldKind === "scalar" && type.case === "int32") {
    const minimum = atLeast<number>(field, type.value, 1);
    return { type: z.int().min(minimum).max(MAX_INT32), isRequired: minimum > 0 };
  }
  throw new Error(`${field} has rules that the OpenAPI document cannot tell`);
}

function stringType(field: DescField, rules: StringRules): RequestType {
  requireNoOthers(field, rules, ["minLen", "maxLen", "pattern", "notContains", "wellKnown"]);
  if (rules.wellKnown.case === "uuid") {
    return { type: z.string().openapi({ format: "uuid" }), isRequired: true };
  }
  const isNoZero = rules.notContains === "\0" && rules.pattern === "";
  if (rules.wellKnown.case || (rules.notContains && !isNoZero)) {
    throw new Error(`${field} has rules that the OpenAPI document cannot tell`);
  }
  let type = z.string();
  if (rules.minLen > 0n) type = type.min(Number(rules.minLen));
  if (rules.maxLen > 0n) type = type.max(Number(rules.maxLen));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Postgres' text cannot hold it, so the contract refuses it
  if (rules.notContains) type = type.regex(/^[^\u0000]*$/);
  if (rules.pattern) type = type.regex(new RegExp(rules.pattern));
  const isEmptyRefused = rules.minLen > 0n || (rules.pattern !== "" && !new RegExp(rules.pattern).test(""));
  return { type, isRequired: isEmptyRefused };
}

/** Digits, as in proto3 JSON, or a number that JavaScript keeps exactly. */
function int64Type(field: DescField, rules: Int64Rules): RequestType {
  const minimum = atLeast<bigint>(field, rules, 1n);
  if (minimum !== 0n && minimum !== 1n) throw new Error(`${field} needs a pattern of its own`);
  const digits = minimum === 0n ? /^(0|[1-9][0-9]{0,18})$/ : /^[1-9][0-9]{0,18}$/;
  const text = z.string().regex(digits).openapi({ format: "int64" });
  return {
    type: z.union([text, z.int().min(Number(minimum)).max(Number.MAX_SAFE_INTEGER)]),
    isRequired: minimum > 0n,
  };
}

function atLeast<Int extends number | bigint>(
  field: DescField,
  rules: (Int32Rules | Int64Rules) & { greaterThan: { case?: string | undefined; value?: unknown } },
  one: Int,
): Int {
  requireNoOthers(field, rules, ["greaterThan"]);
  const { case: kind, value } = rules.greaterThan;
  if (kind === "gte") return value as Int;
  if (kind === "gt") return ((value as number) + (one as number)) as Int;
  throw new Error(`${field} has no lower limit`);
}

function answerType(field: DescField, parts: Parts): z.ZodType {
  if (field.fieldKind === "list") return z.array(partOf(field, parts));
  if (field.fieldKind === "enum") return partOf(field, parts);
  if (field.message?.typeName === "google.protobuf.Timestamp") {
    return z.string().openapi({ format: "date-time" });
  }
  if (field.scalar === ScalarType.STRING) return z.string();
  if (field.scalar === ScalarType.INT64) {
    return z
      .string()
      .regex(/^(0|-?[1-9][0-9]{0,18})$/)
      .openapi({ format: "int64" });
  }
  throw new Error(`${field} is of a kind that the OpenAPI document cannot tell`);
}

function partOf(field: DescField, parts: Parts): z.ZodType {
  const name = field.message?.name ?? field.enum?.name ?? "";
  const part = parts[name];
  if (part === undefined) throw new Error(`${field} needs the schema of ${name}`);
  return part;
}

/** @throws Error when a rule is set that is none of `known`. */
function requireNoOthers(field: DescField, rules: object, known: readonly string[]): void {
  const set = Object.entries(rules).filter(([name, value]) => !name.startsWith("$") && isSet(value));
  const unknown = set.map(([name]) => name).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${field} has rules that the document cannot tell: ${unknown}`);
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return !(typeof value === "object" && value !== null && "case" in value && value.case === undefined);
}
