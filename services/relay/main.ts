import { runService } from "../platform/run-service.ts";
import { createRelayService } from "./composition-root.ts";
import { configSchema } from "./config.ts";

await runService("relay", configSchema, async (config, context) => {
  const { opsPort } = await createRelayService(config, context);
  context.log.info({ opsPort }, "started");
});
