import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { builtPage as ordersPage } from "../../services/api/transport/page/built-page.ts";
import { builtPage as livePage } from "../../services/relay/transport/page/built-page.ts";

const folders = { api: ordersPage, relay: livePage } as const;

/**
 * Bundles a service's page: files with the hash of their content in their names, and nothing inline, for the pages' CSP allows none.
 * Half a second. A page that is the same already stays in place: a service that starts meanwhile finds all of it.
 */
export async function buildPage(service: keyof typeof folders): Promise<void> {
  const folder = await mkdtemp(`${folders[service]}-`); // only its maker may look into it
  const built = join(folder, "page");
  try {
    await build({
      root: fileURLToPath(new URL(`../../services/${service}/page`, import.meta.url)),
      configFile: false,
      logLevel: "warn",
      build: { outDir: built, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    });
    if (!(await isSamePage(built, folders[service]))) await replace(folders[service], built);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The document names all the rest by the hash of its content. */
async function isSamePage(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((folder) => readFile(join(folder, "index.html"), "utf8").catch(() => undefined)),
  );
  return a !== undefined && a === b;
}

async function replace(folder: string, by: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rename(by, folder).catch(async (error) => {
    if (!(await isSamePage(by, folder))) throw error; // else another build was faster
  });
}

export async function buildPages(): Promise<void> {
  await buildPage("api");
  await buildPage("relay");
}

if (import.meta.main) await buildPages();
