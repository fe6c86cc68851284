import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { Registry } from "prom-client";
import type { Lifecycle } from "./lifecycle.ts";
import { metricsResponse } from "./metrics-text.ts";
import { collectProcessMetrics } from "./process-metrics.ts";

/** Returns why the part cannot do its work now, or undefined when it can. Must answer at once: no I/O. */
export type ReadinessCheck = () => string | undefined;

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** What is to be told of parts that are ready. */
  readonly remarks?: Readonly<Record<string, () => string | undefined>>;
  readonly lifecycle: Lifecycle;
  /** What a service serves beside it, as a page for people. */
  readonly routes?: Hono;
}

/**
 * `/livez` (the process only), `/readyz` (503 with the reason of each part that is not ready) and `/metrics`.
 * Ready means that events or requests can flow; a standby is ready.
 */
export function createOpsApp(
  options: Pick<OpsServerOptions, "registry" | "checks" | "remarks" | "routes">,
): Hono {
  const app = new Hono();
  app.get("/livez", (c) => c.json({ status: "ok" }));
  app.get("/readyz", (c) => {
    const reasons = notReadyReasons(options.checks);
    if (Object.keys(reasons).length === 0)
      return c.json({ status: "ready", notes: answers(options.remarks) });
    return c.json({ status: "not ready", reasons }, 503);
  });
  app.get("/metrics", (c) => metricsResponse(c, options.registry));
  if (options.routes) app.route("/", options.routes);
  return app;
}

/** The parts that are not ready, with their reasons. */
export function notReadyReasons(checks: Readonly<Record<string, ReadinessCheck>>): Record<string, string> {
  return answers(checks);
}

/** Of those that have one. */
function answers(asked: Readonly<Record<string, () => string | undefined>> = {}): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [part, ask] of Object.entries(asked)) {
    const answer = ask();
    if (answer !== undefined) given[part] = answer;
  }
  return given;
}

/** Starts the ops server, which tells of the process as well; resolves with the port it listens on. Rejects with an error that names a port in use. */
export async function startOpsServer(options: OpsServerOptions): Promise<number> {
  collectProcessMetrics(options.registry);
  const server = createServer(getRequestListener(createOpsApp(options).fetch));
  await listen(server, options.host, options.port);
  options.lifecycle.onStop("ops server", () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

interface ListeningServer {
  once(event: "error" | "listening", listener: (error?: Error) => void): unknown;
  off(event: "error" | "listening", listener: (error?: Error) => void): unknown;
  listen(port: number, host: string): unknown;
}

/** Listens on a port, or rejects with an error that names the port when it is in use. */
export function listen(server: ListeningServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error?: Error) => {
      const inUse = (error as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE";
      reject(
        inUse ? new Error(`port ${port} on ${host} is in use by another process`, { cause: error }) : error,
      );
    };
    server.once("error", onError);
    server.once("listening", () => {
      server.off("error", onError);
      resolve();
    });
    server.listen(port, host);
  });
}
