import { setFlagsFromString } from "node:v8";
import { runService } from "../platform/run-service.ts";
import { createRelayService } from "./composition-root.ts";
import { configSchema } from "./config.ts";

// Nearly everything here dies young and in the same order: a young generation that grows, and buffers that other threads free into
// heaps of their own, only cost memory. So does an old generation that grows fourfold before it is looked at. What has to be set
// before the process starts is in deploy/local/process-environment.ts.
for (const flag of [
  "semi-space-growth-factor=1",
  "heap-growing-percent=50",
  "no-parallel-scavenge",
  "no-concurrent-array-buffer-sweeping",
])
  setFlagsFromString(`--${flag}`);

await runService("relay", configSchema, async (config, context) => {
  const { opsPort } = await createRelayService(config, context);
  context.log.info({ opsPort }, "started");
});
