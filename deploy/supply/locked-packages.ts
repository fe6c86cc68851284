import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A package of package-lock.json, version 3 of its format. */
export interface LockedPackage {
  /** Its folder: `node_modules/…`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression; undefined when the package tells none. */
  readonly license?: string;
  readonly integrity?: string;
  /** Where it was fetched from. */
  readonly resolved?: string;
  /** Not needed to run the services. */
  readonly dev?: boolean;
  /** Of one platform only, or done without. */
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  /** Why it should not be used any more, in its author's words. */
  readonly deprecated?: string;
}

/** Development dependencies that are built into a page which the services serve. */
const BUILT_INTO_PAGES = ["@connectrpc/connect-web"];

export function readLockedPackages(root: string): LockedPackage[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Omit<LockedPackage, "path" | "name">>>;
  };
  return Object.entries(lock.packages)
    .filter(([path]) => path !== "")
    .map(([path, locked]) => {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      return { ...locked, path, name };
    });
}

export function shippedPackages(packages: readonly LockedPackage[]): LockedPackage[] {
  return packages.filter(({ name, dev }) => !dev || BUILT_INTO_PAGES.includes(name));
}
