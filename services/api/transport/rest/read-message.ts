import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import type { Path as FieldPath } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { invalid, Problem, type WrongPart, wrongField } from "./problem.ts";

const validator = createValidator();

type Path = readonly (string | number)[];
type Faults = { readonly path: Path; readonly problem: string }[];
/** The value as a field of a message; when it is none, a fault is added and what is returned is of no use. */
type Decode = (value: unknown, path: Path, faults: Faults) => unknown;

/** @throws Problem MALFORMED_JSON; INVALID_REQUEST with all that is wrong */
export type BodyReader<Desc extends DescMessage> = (
  text: string,
  /** The fields that come with the path. */
  elsewhere: MessageInitShape<Desc>,
) => MessageShape<Desc>;

/**
 * Reads a JSON body as the contract's message under the contract's own rules, so that both doors refuse the same. Of proto3 JSON it takes
 * one form of each value: the names in camelCase, no null, int64 as digits or as a number that JavaScript keeps exactly. `fields` are
 * those that come in the body; what comes with the path and the headers is refused there.
 */
export function createBodyReader<Desc extends DescMessage>(
  schema: Desc,
  fields: readonly (keyof Desc["field"] & string)[],
): BodyReader<Desc> {
  const decode = objectDecoder(schema.fields.filter(({ localName }) => fields.includes(localName)));
  const isInBody = (name: unknown) => fields.includes(name as string);
  return (text, elsewhere) => {
    const faults: Faults = [];
    const body = decode(parse(text), [], faults) as MessageInitShape<Desc>;
    if (faults.length > 0) throw invalid(faults.map(({ path, problem }) => wrongField(path, problem)));
    return validated(schema, { ...body, ...elsewhere }, (path, problem) =>
      isInBody(path[0]) ? wrongField(path, problem) : { parameter: String(path[0]), detail: problem },
    );
  };
}

/**
 * The message, when it keeps the contract's rules.
 * @throws Problem INVALID_REQUEST with all that is wrong
 */
export function validated<Desc extends DescMessage>(
  schema: Desc,
  fields: MessageInitShape<Desc>,
  wrongPart: (path: Path, problem: string) => WrongPart,
): MessageShape<Desc> {
  const message = create(schema, fields);
  const result = validator.validate(schema, message);
  if (result.kind === "valid") return message;
  if (result.kind === "error") throw result.error;
  throw invalid(result.violations.map(({ field, message }) => wrongPart(toPath(field), message)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("MALFORMED_JSON", "the body is not JSON", { cause });
  }
}

function objectDecoder(fields: readonly DescField[]): Decode {
  const known = new Map(
    fields.map((field) => [field.jsonName, { name: field.localName, decode: decoder(field) }]),
  );
  return (value, path, faults) => {
    const message: Record<string, unknown> = {};
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      faults.push({ path, problem: "must be an object" });
      return message;
    }
    for (const [key, item] of Object.entries(value)) {
      const field = known.get(key);
      const at = [...path, key];
      if (field) message[field.name] = field.decode(item, at, faults);
      else faults.push({ path: at, problem: "is not known here" });
    }
    return message;
  };
}

function decoder(field: DescField): Decode {
  if (field.fieldKind === "list" && field.listKind === "message") {
    const decodeItem = objectDecoder(field.message.fields);
    return (value, path, faults) => {
      if (Array.isArray(value)) return value.map((item, index) => decodeItem(item, [...path, index], faults));
      faults.push({ path, problem: "must be an array" });
      return undefined;
    };
  }
  if (field.fieldKind === "scalar" && field.scalar === ScalarType.STRING) return decodeString;
  if (field.fieldKind === "scalar" && field.scalar === ScalarType.INT64) return decodeInt64;
  throw new Error(`${field} is of a kind that no request has so far`);
}

function decodeString(value: unknown, path: Path, faults: Faults): unknown {
  if (typeof value !== "string") faults.push({ path, problem: "must be a string" });
  else if (!value.isWellFormed()) {
    faults.push({ path, problem: "has half of a surrogate pair: not Unicode text" });
  }
  return value;
}

function decodeInt64(value: unknown, path: Path, faults: Faults): unknown {
  if (typeof value === "number" && Number.isInteger(value)) {
    if (Number.isSafeInteger(value)) return BigInt(value);
    faults.push({ path, problem: "beyond 2^53 a number would be rounded: send it as a string of digits" });
  } else if (typeof value === "string" && /^(0|-?[1-9]\d{0,18})$/.test(value)) {
    const integer = BigInt(value);
    if (BigInt.asIntN(64, integer) === integer) return integer;
    faults.push({ path, problem: "is more than an int64 can hold" });
  } else faults.push({ path, problem: "must be a whole number, as a string of digits" });
  return undefined;
}

function toPath(path: FieldPath): (string | number)[] {
  return path.flatMap((part): (string | number)[] => {
    if (part.kind === "field") return [part.jsonName];
    return part.kind === "list_sub" ? [part.index] : [];
  });
}
