import { runService } from "../platform/run-service.ts";
import { createProjector } from "./composition-root.ts";
import { configSchema } from "./config.ts";

await runService("projector", configSchema, async (config, context) => {
  const { opsPort } = await createProjector(config, context);
  context.log.info({ opsPort }, "started");
});
