import { fileURLToPath } from "node:url";
import { apiProcessEnvironment } from "../../services/api/process-environment.ts";
import { projectorProcessEnvironment } from "../../services/projector/process-environment.ts";
import { relayProcessEnvironment } from "../../services/relay/process-environment.ts";

const compileCache = fileURLToPath(new URL("../../node_modules/.cache/node-compile-cache", import.meta.url));

/** Of each service, wherever it runs. */
export const serviceEnvironments = {
  api: apiProcessEnvironment,
  projector: projectorProcessEnvironment,
  relay: relayProcessEnvironment,
} as const;

export type ServiceName = keyof typeof serviceEnvironments;

/**
 * What the process of a service is started with, besides its configuration. With the compile cache Node need not load its TypeScript
 * stripper (30 MB, and half a second of a start).
 */
export function processEnvironment(service: ServiceName): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: compileCache, ...serviceEnvironments[service] };
}
