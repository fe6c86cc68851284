import { existsSync } from "node:fs";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono, type MiddlewareHandler } from "hono";
import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";

/** A year: the names of these files change with their content. */
const FOR_EVER = "public, max-age=31536000, immutable";

/** A service's page for people at `/`, and its files at `/assets/…`; undefined when it was not built. */
export function createPageApp(folder: string): Hono | undefined {
  if (!existsSync(join(folder, "index.html"))) return undefined;
  const app = new Hono();
  const page = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
  });
  app.get("/", page, kept("no-cache"), compress(), serveStatic({ root: folder, path: "index.html" }));
  app.get("/assets/*", page, kept(FOR_EVER), compress(), serveStatic({ root: folder }));
  return app;
}

/** Says how long a file that was found may be kept. */
function kept(cacheControl: string): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (c.res.ok) c.header("cache-control", cacheControl);
  };
}
