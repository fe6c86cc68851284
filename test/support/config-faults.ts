import { ConfigError, type ConfigFault } from "../../services/platform/config.ts";

/** What is wrong with a configuration: none when it loads. Whatever else goes wrong is thrown. */
export function faultsOf(load: () => unknown): readonly ConfigFault[] {
  try {
    load();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults;
  }
}
