import { html } from "hono/html";
import { type Html, page } from "./html-page.ts";

/** As much of an OpenAPI document as the page shows. */
export interface Document {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly [rule: string]: unknown;
}

/** Everything on one page that needs no script and nothing from elsewhere: it can be read wherever the service runs. */
export function docsPage(document: Document): Promise<string> {
  const { info, paths = {}, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationSection(method, path, operation)),
  );
  const schemas = Object.entries(components?.schemas ?? {}).map(([name, schema]) =>
    schemaSection(name, schema),
  );
  const paragraphs = (info.description ?? "").split("\n\n").map((text) => html`<p>${text}</p>`);
  return page(
    info.title,
    html`${paragraphs}
<p>For machines: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1)</p>
${operations}
<h2>Types</h2>
${schemas}`,
  );
}

function operationSection(method: string, path: string, operation: Operation): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(
    ({ name, in: place, required, schema, description }) => html`<tr>
<td><code>${name}</code></td><td>${place}${required ? ", required" : ""}</td><td>${typeOf(schema)}</td><td>${words(description ?? schema.description)}</td>
</tr>`,
  );
  const answers = Object.entries(responses).map(
    ([status, { description, content }]) =>
      html`<tr><td>${status}</td><td>${content && contentOf(content)}</td><td>${words(description)}</td></tr>`,
  );
  return html`<h2 id="${operationId}">${summary}</h2>
<p><code>${method.toUpperCase()} ${path}</code></p>
<p>${words(description)}</p>
${rows.length > 0 ? html`<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>${rows}</table>` : ""}
${requestBody ? html`<p>Body: ${contentOf(requestBody.content)}</p>` : ""}
<table><tr><th>Answer</th><th>Body</th><th></th></tr>${answers}</table>`;
}

function schemaSection(name: string, schema: Schema): Html {
  const { description, properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(
    ([field, type]) => html`<tr>
<td><code>${field}</code></td><td>${required.includes(field) ? "always" : ""}</td><td>${typeOf(type)}</td><td>${words(type.description)}</td>
</tr>`,
  );
  return html`<h3 id="${name}">${name}</h3>
<p>${words(description)}</p>
${rows.length > 0 ? html`<table>${rows}</table>` : html`<p>${typeOf(schema)}</p>`}`;
}

function contentOf(content: Content): Html[] {
  return Object.entries(content).map(([type, { schema }]) => html`${typeOf(schema)} as <code>${type}</code>`);
}

const ruleNames = {
  minLength: "at least N characters",
  maxLength: "at most N characters",
  minItems: "at least N",
  maxItems: "at most N",
  minimum: "from N on",
  pattern: "matches N",
};

function typeOf(schema: Schema): Html {
  const { $ref, type, format, items, anyOf, allOf, enum: values } = schema;
  const name = ($ref ?? allOf?.find((part) => part.$ref)?.$ref)?.split("/").at(-1);
  if (name !== undefined) return html`<a href="#${name}">${name}</a>`;
  if (anyOf) return html`${anyOf.map((part, index) => html`${index > 0 ? " or " : ""}${typeOf(part)}`)}`;
  if (values) return html`${values.map((value) => html`<code>${value}</code> `)}`;
  const rules = Object.entries(ruleNames)
    .filter(([rule]) => schema[rule] !== undefined)
    .map(([rule, text]) => html`, ${text.replace("N", () => String(schema[rule]))}`);
  const kind = items ? html`array of ${typeOf(items)}` : html`${type}${format ? ` (${format})` : ""}`;
  return html`${kind}${rules}`;
}

/** Text in which what is between backticks is code, and an address a link. */
function words(text = ""): (string | Html)[] {
  return text.split("`").map((part, index) => {
    if (index % 2 === 0) return part;
    const code = html`<code>${part}</code>`;
    return part.startsWith("/") ? html`<a href="${part}">${code}</a>` : code;
  });
}
