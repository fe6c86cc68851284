import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import type { Pool } from "pg";
import type { Lifecycle } from "../platform/lifecycle.ts";
import type { Logger } from "../platform/logger.ts";
import { createPageApp } from "../platform/page-app.ts";
import { createFlowMeter } from "./application/live/flow-meter.ts";
import { type NewestFigures, startLiveView } from "./application/live/live-view.ts";
import { createOperatorsView } from "./application/live/operators-view.ts";
import type { RelayObserver } from "./application/relay-observer.ts";
import { createControlDesk } from "./infrastructure/postgres/control-desk.ts";
import { createHistoryDesk } from "./infrastructure/postgres/history-desk.ts";
import { builtPage } from "./transport/page/built-page.ts";
import { createLiveStream } from "./transport/page/live-stream.ts";

export interface LivePage {
  /** `/`, its files, and `/live`. */
  readonly routes: Hono;
  /** Has to be told what the relay does. */
  readonly observer: RelayObserver;
}

/** Builds the live page's part of the composition root. */
export function composeLivePage(parts: {
  readonly relay: string;
  /** This process, as the lease names it. */
  readonly name: string;
  readonly figures: NewestFigures;
  readonly pool: Pool;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}): LivePage {
  const { relay, name, figures, pool, log, lifecycle } = parts;
  const now = () => Date.now();
  const elapsed = () => performance.now();
  const observer = createFlowMeter({ name, now, elapsed });
  const query = async (text: string, values: readonly unknown[]) =>
    (await pool.query(text, [...values])).rows;
  const view = startLiveView({
    relay,
    run: randomUUID().replaceAll("-", ""),
    meter: observer,
    figures,
    operators: createOperatorsView({
      history: createHistoryDesk({ query }, relay),
      control: createControlDesk({ query }, relay),
      log,
      elapsed,
    }),
    now,
  });
  lifecycle.onStop("live view", () => view.stop());
  const routes = createLiveStream(view);
  const page = createPageApp(builtPage);
  if (page) routes.route("/", page);
  else log.info({ folder: builtPage }, "no live page at /: npm run build:page makes it");
  return { routes, observer };
}
