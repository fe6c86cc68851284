import { fileURLToPath } from "node:url";
import { build } from "vite";
import { builtPage } from "../../services/api/transport/page/page-app.ts";

const source = fileURLToPath(new URL("../../services/api/page", import.meta.url));

/**
 * Bundles the API's page into `folder`: files with the hash of their content in their names, and nothing inline, for the page's CSP
 * allows none. Half a second.
 */
export async function buildPage(folder = builtPage): Promise<void> {
  await build({
    root: source,
    configFile: false,
    logLevel: "warn",
    build: { outDir: folder, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
}

if (import.meta.main) await buildPage();
