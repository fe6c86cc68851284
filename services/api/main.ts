import { runService } from "../platform/run-service.ts";
import { createApi } from "./composition-root.ts";
import { configSchema } from "./config.ts";

await runService("api", configSchema, async (config, context) => {
  const ports = await createApi(config, context);
  context.log.info(ports, "started");
});
