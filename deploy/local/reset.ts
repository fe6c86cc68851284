import { rm } from "node:fs/promises";
import { loadConfig } from "../../services/platform/config.ts";
import { DATA_FOLDER, LOG_FOLDER, localConfigSchema } from "./local-config.ts";
import { assertPortsFree } from "./ports-free.ts";
import { removePostgresData } from "./postgres-files.ts";

try {
  await assertPortsFree(loadConfig(localConfigSchema, process.env), true);
  await removePostgresData(`${DATA_FOLDER}/postgres`);
  for (const folder of [DATA_FOLDER, LOG_FOLDER]) await rm(folder, { recursive: true, force: true });
  console.log(`removed ${DATA_FOLDER} and ${LOG_FOLDER}`);
} catch (error) {
  console.error(`nothing was removed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
