import { fileURLToPath } from "node:url";
import { apiProcessEnvironment } from "../../services/api/process-environment.ts";
import { projectorProcessEnvironment } from "../../services/projector/process-environment.ts";
import { relayProcessEnvironment } from "../../services/relay/process-environment.ts";

const compileCache = fileURLToPath(new URL("../../node_modules/.cache/node-compile-cache", import.meta.url));

const environments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  api: apiProcessEnvironment,
  projector: projectorProcessEnvironment,
  relay: relayProcessEnvironment,
};

/**
 * What the process of a service is started with, besides its configuration. With the compile cache Node need not load its TypeScript
 * stripper (30 MB, and half a second of a start).
 */
export function processEnvironment(service: string): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: compileCache, ...environments[service] };
}
