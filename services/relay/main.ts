import { runService } from "../platform/run-service.ts";
import { createRelayService } from "./composition-root.ts";
import { configSchema } from "./config.ts";
import { giveBackHeap, keepHeapSmall } from "./small-heap.ts";

keepHeapSmall();

await runService("relay", configSchema, async (config, context) => {
  const { opsPort } = await createRelayService(config, context);
  giveBackHeap();
  context.log.info({ opsPort }, "started");
});
