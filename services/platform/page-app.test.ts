import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPageApp } from "./page-app.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "page-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Orders</title>");
  await writeFile(join(folder, "assets", "index-1a2b.js"), "void 0;");
  await writeFile(join(folder, "secret.txt"), "secret");
});

afterAll(() => rm(folder, { recursive: true }));

const get = (path: string) => createPageApp(folder)?.request(path) as Promise<Response>;

test("the page is asked for again each time, its files never", async () => {
  const page = await get("/");
  expect(await page.text()).toContain("<title>Orders</title>");
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const script = await get("/assets/index-1a2b.js");
  expect(script.headers.get("content-type")).toMatch(/^text\/javascript/);
  expect(script.headers.get("cache-control")).toContain("immutable");
});

test("nothing but the page's own files runs in it, and no other site can frame it", async () => {
  const policy = (await get("/")).headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
});

test.each(["/secret.txt", "/assets/../secret.txt", "/assets/%2e%2e/secret.txt", "/assets/..%2fsecret.txt"])(
  "%s is not served",
  async (path) => {
    expect((await get(path)).status).toBe(404);
  },
);

test("where the page was not built there is none", () => {
  expect(createPageApp(join(folder, "assets"))).toBeUndefined();
});
