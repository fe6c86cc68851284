import { randomBytes } from "node:crypto";
import { testServers } from "./servers.ts";

export function redisUrl(): string {
  return testServers().redisUrl;
}

/** For key names: the tests share one Redis. */
export function uniquePrefix(): string {
  return `test-${randomBytes(6).toString("hex")}:`;
}
