import type { Hono } from "hono";
import { type Document, docsPage } from "./openapi/docs-page.ts";
import { openApiDocument } from "./openapi/document.ts";
import { pageHeaders } from "./openapi/html-page.ts";
import { problemPage } from "./openapi/problem-page.ts";
import type { RestOperation } from "./operation.ts";
import { problemCodes, problemType } from "./problem-types.ts";
import { type RestEnv, respond } from "./respond.ts";

/** The service explains itself: to machines at /openapi.json, to people at /docs and at the address of each problem type. */
export function serveDocumentation(app: Hono<RestEnv>, operations: readonly RestOperation[]): void {
  const document = openApiDocument(operations);
  const json = JSON.stringify(document);
  const headers = { "content-type": "application/json", "cache-control": pageHeaders["cache-control"] };
  app.get("/openapi.json", (c) => respond(c, 200, json, headers));
  const docs = docsPage(document as unknown as Document);
  app.get("/docs", async (c) => respond(c, 200, await docs, pageHeaders));
  for (const code of problemCodes) {
    const page = problemPage(code);
    app.get(problemType(code), async (c) => respond(c, 200, await page, pageHeaders));
  }
}
