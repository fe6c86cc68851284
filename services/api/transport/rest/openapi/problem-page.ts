import { html } from "hono/html";
import { type ProblemCode, problemTypes } from "../problem-types.ts";
import { page } from "./html-page.ts";

/** What the address in a problem's `type` shows. */
export function problemPage(code: ProblemCode): Promise<string> {
  const { status, title, help } = problemTypes[code];
  return page(
    title,
    html`<p>Status ${status}</p>
<p>${help}</p>
<p>All that this service offers and refuses is in <a href="/docs">its documentation</a>.</p>`,
  );
}
