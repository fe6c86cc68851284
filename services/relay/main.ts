import { setFlagsFromString } from "node:v8";
import { runService } from "../platform/run-service.ts";
import { createRelayService } from "./composition-root.ts";
import { configSchema } from "./config.ts";

// Nearly everything here dies young and in the same order: a young generation that grows to 48 MB, and buffers that other threads
// free into heaps of their own, only cost memory (400 MB at the peak of a drain; 220 MB so, for a tenth more CPU time). So does an
// old generation that grows fourfold before it is looked at, when the machine is busy and the collector late: 50 MB.
for (const flag of [
  "semi-space-growth-factor=1",
  "heap-growing-percent=100",
  "no-parallel-scavenge",
  "no-concurrent-array-buffer-sweeping",
])
  setFlagsFromString(`--${flag}`);

await runService("relay", configSchema, async (config, context) => {
  const { opsPort } = await createRelayService(config, context);
  context.log.info({ opsPort }, "started");
});
