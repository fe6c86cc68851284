import { createRequire } from "node:module";

const KNOWN_VERSION = "2.2.4";

const require = createRequire(import.meta.url);

/** A module of kafkajs' own, by its path. */
function moduleOf<Export>(path: string): Export {
  return require(`kafkajs/src/${path}`);
}

/**
 * Puts another export in the place of a module of kafkajs, for those that load it later. kafkajs is pinned, and other versions of it are
 * left as they are.
 */
export function replaceModule<Export>(path: string, by: (original: Export) => Export): void {
  if (require("kafkajs/package.json").version !== KNOWN_VERSION) return;
  const original = moduleOf<Export>(path);
  const loaded = require.cache[require.resolve(`kafkajs/src/${path}`)];
  if (loaded) loaded.exports = by(original);
}
