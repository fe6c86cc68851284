import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Loads the services' own modules in a process of its own, opens tracing as they do, and tells what of OpenTelemetry was loaded. */
async function loadedPackages(endpoint: string): Promise<string[]> {
  const program = `
    import { registerHooks } from "node:module";
    const loaded = new Set();
    registerHooks({
      load(url, context, next) {
        const [, name] = /node_modules\\/(@opentelemetry\\/[^/]+)\\//.exec(url) ?? [];
        if (name) loaded.add(name);
        return next(url, context);
      },
    });
    for (const service of ["api", "relay", "projector"]) await import(\`./services/\${service}/composition-root.ts\`);
    const { openTracing } = await import("./services/platform/tracing/open-tracing.ts");
    const { loadConfig } = await import("./services/platform/config.ts");
    const { tracingVariables } = await import("./services/platform/tracing/tracing-variables.ts");
    const { z } = await import("zod");
    const { Registry } = await import("prom-client");
    const config = loadConfig(z.object(tracingVariables), { OTEL_EXPORTER_OTLP_ENDPOINT: ${JSON.stringify(endpoint)} });
    const context = { log: console, lifecycle: { onStop() {} } };
    await openTracing(config, context, { serviceName: "s", registry: new Registry(), shutdownTimeoutMs: 100 });
    console.log(JSON.stringify([...loaded].sort()));
  `;
  const args = ["--input-type=module", "--disable-warning=TimeoutNegativeWarning", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: join(import.meta.dirname, ".."),
  });
  return JSON.parse(stdout);
}

test("without an endpoint for traces no service loads an SDK or an exporter of OpenTelemetry", async () => {
  // Its API is a part of prom-client.
  expect(await loadedPackages("")).toEqual(["@opentelemetry/api"]);
  expect(await loadedPackages("http://127.0.0.1:4318")).toContain("@opentelemetry/sdk-trace");
});
