import { fileURLToPath } from "node:url";
import { build } from "vite";
import { builtPage as ordersPage } from "../../services/api/transport/page/built-page.ts";
import { builtPage as livePage } from "../../services/relay/transport/page/built-page.ts";

const folders = { api: ordersPage, relay: livePage } as const;

/**
 * Bundles a service's page: files with the hash of their content in their names, and nothing inline, for the pages' CSP allows none.
 * Half a second.
 */
export async function buildPage(service: keyof typeof folders): Promise<void> {
  await build({
    root: fileURLToPath(new URL(`../../services/${service}/page`, import.meta.url)),
    configFile: false,
    logLevel: "warn",
    build: {
      outDir: folders[service],
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
}

export async function buildPages(): Promise<void> {
  await buildPage("api");
  await buildPage("relay");
}

if (import.meta.main) await buildPages();
