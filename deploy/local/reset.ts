import { parseArgs } from "node:util";
import { removeDataFolder } from "./data-folder.ts";
import { removeDockerServers } from "./docker-servers.ts";
import { loadLocalConfig } from "./local-config.ts";
import { assertPortsFree, serverPorts } from "./ports-free.ts";

/** `npm run reset`: removes the data folder; with --docker the containers and their volumes as well. */
try {
  const { values } = parseArgs({ options: { docker: { type: "boolean", default: false } } });
  const config = loadLocalConfig();
  if (values.docker) {
    await removeDockerServers(config);
    console.log("removed the containers and their data");
  } else {
    await assertPortsFree(config, serverPorts);
  }
  const folder = config.DATA_FOLDER;
  console.log((await removeDataFolder(folder)) ? `removed ${folder}` : `${folder} does not exist`);
} catch (error) {
  console.error(`nothing was removed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
