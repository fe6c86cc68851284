import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtPage } from "../../services/api/transport/page/built-page.ts";
import { buildPage } from "./build-page.ts";

test("a page that is built anew, and is the same, is there all the time", async () => {
  await buildPage("api");
  const missing: number[] = [];
  const looks = setInterval(() => {
    if (!existsSync(join(builtPage, "index.html"))) missing.push(performance.now());
  }, 1);
  await Promise.all([buildPage("api"), buildPage("api")]);
  clearInterval(looks);
  expect(missing).toEqual([]);
});
