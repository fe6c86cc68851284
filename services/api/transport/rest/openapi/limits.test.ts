import { expect, test } from "vitest";
import { MarkOrderReadyRequestSchema } from "../../../../gen/orders/v1/order_service_pb.ts";
import { restApp, someOrder } from "../../../testing/rest-app.ts";
import { requestFields } from "./contract-schema.ts";

/** Each limit that the document names is the one at which the door begins to refuse, and there is no other. */

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly $ref?: string;
}

const app = restApp();
const document = JSON.parse(await (await app.request("/openapi.json")).text());
const { NewOrder, NewLine, Reason, OrderStatus } = document.components.schemas;

const line = { sku: "book", quantity: "2", unitPriceMinor: "1990" };
const newOrder = { customerId: "customer-1", pickupPointId: "point-7", currency: "EUR", lines: [line] };

async function post(path: string, body: unknown): Promise<boolean> {
  const headers = { "content-type": "application/json" };
  const { status } = await app.request(path, { method: "POST", body: JSON.stringify(body), headers });
  if (status !== 400 && status >= 300) throw new Error(`an answer with ${status}`);
  return status !== 400;
}

const requests: Readonly<
  Record<
    string,
    {
      schema: { properties: object; required?: string[] };
      valid: object;
      send: (value: object) => Promise<boolean>;
    }
  >
> = {
  NewOrder: { schema: NewOrder, valid: newOrder, send: (value) => post("/orders", value) },
  NewLine: {
    schema: NewLine,
    valid: line,
    send: (value) => post("/orders", { ...newOrder, lines: [value] }),
  },
  Reason: {
    schema: Reason,
    valid: { reason: "because" },
    send: (value) => post(`/orders/${someOrder.id}/cancel`, value),
  },
};
const fields = Object.entries(requests).flatMap(([name, { schema }]) =>
  Object.entries(schema.properties).map(([field, type]) => [name, field, type as Schema] as const),
);

test.each(fields)("%s.%s begins and ends where the document says", async (name, field, schema) => {
  const { valid, send } = requests[name] as (typeof requests)[string];
  for (const value of within(schema))
    expect([value, await send({ ...valid, [field]: value })]).toEqual([value, true]);
  const outside = [...beyond(schema), null, true, {}, ...(schema.items ? [] : [[]])];
  for (const value of outside)
    expect([value, await send({ ...valid, [field]: value })]).toEqual([value, false]);
});

test.each(fields)("%s.%s is required when the document says so", async (name, field) => {
  const { schema, valid, send } = requests[name] as (typeof requests)[string];
  const { [field as keyof typeof valid]: _, ...without } = valid;
  expect(await send(without)).toBe(schema.required?.includes(field) !== true);
});

test.each(Object.keys(requests))("%s has no fields but those in the document", async (name) => {
  const { valid, send } = requests[name] as (typeof requests)[string];
  for (const field of ["id", "requestId", "customer_id", "unknown", "__proto__"]) {
    expect([field, await send(Object.assign(JSON.parse(`{"${field}":""}`), valid))]).toEqual([field, false]);
  }
});

const parameters: { name: string; in: string; schema: Schema }[] = document.paths["/orders"].get.parameters;
const queries = parameters.filter((parameter) => parameter.in === "query");

test.each(queries)(
  "the parameter $name begins and ends where the document says",
  async ({ name, schema }) => {
    const isTaken = async (value: unknown) =>
      (await app.request(`/orders?${new URLSearchParams({ [name]: String(value) })}`)).status === 200;
    for (const value of within(schema)) expect([value, await isTaken(value)]).toEqual([value, true]);
    for (const value of beyond(schema)) expect([value, await isTaken(value)]).toEqual([value, false]);
  },
);

test("a rule that the document cannot tell is an error, not left out", () => {
  expect(() => requestFields(MarkOrderReadyRequestSchema, { requestId: {} })).toThrow("ignore");
});

/** Characters of more than one UTF-16 unit: the limits count characters. */
const text = (length: number) => "𝒳".repeat(length);

function within(schema: Schema): unknown[] {
  const {
    $ref,
    anyOf,
    type,
    minLength = 0,
    maxLength,
    minItems = 0,
    maxItems = 0,
    minimum,
    maximum,
  } = schema;
  if ($ref) return OrderStatus.enum;
  if (anyOf) return anyOf.flatMap(within);
  if (schema.enum) return [...schema.enum];
  if (type === "array") return [minItems, maxItems].map((length) => Array(length).fill(line));
  if (type === "integer") return [minimum, maximum];
  if (schema.format === "int64") return isTakenBy(schema, "0", "1", "9223372036854775807");
  if (maxLength !== undefined) return [text(minLength), text(maxLength)];
  if (schema.pattern === "^[A-Z]{3}$") return ["EUR"];
  throw new Error(`no values for ${JSON.stringify(schema)}`);
}

function beyond(schema: Schema): unknown[] {
  const {
    $ref,
    anyOf,
    type,
    minLength = 0,
    maxLength,
    minItems = 0,
    maxItems = 0,
    minimum = 0,
    maximum,
  } = schema;
  if ($ref || schema.enum) return ["", "ORDER_STATUS_UNSPECIFIED", "ready", "1"];
  if (anyOf) return anyOf.flatMap(beyond);
  if (type === "array")
    return [minItems - 1, maxItems + 1].filter((n) => n >= 0).map((n) => Array(n).fill(line));
  if (type === "integer") return [minimum - 1, (maximum ?? Number.NaN) + 1, minimum + 0.5];
  if (schema.format === "int64") {
    const refused = isTakenBy({ pattern: `^(?!${schema.pattern?.slice(1, -1)}$)` }, "0", "-1");
    return [...refused, "9223372036854775808", "01", "+1", " 1", "1.0", "1e3", "0x1", ""];
  }
  const lengths = [minLength - 1, (maxLength ?? -2) + 1].filter((length) => length >= 0).map(text);
  const characters =
    schema.pattern === "^[^\\u0000]*$" ? ["a\0b"] : schema.pattern ? ["eur", "EURO", "€€€", ""] : [];
  return [...lengths, ...characters];
}

function isTakenBy({ pattern = "" }: Schema, ...values: string[]): string[] {
  return values.filter((value) => new RegExp(pattern).test(value));
}
