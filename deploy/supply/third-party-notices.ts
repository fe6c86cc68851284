import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LockedPackage, readLockedPackages, shippedPackages } from "./locked-packages.ts";

const FILE = "THIRD-PARTY-NOTICES.md";

/**
 * What is shipped that others have written: the packages, with their licences' texts where they bring one, and what is
 * vendored in third_party. Packages of one platform only are not installed everywhere, so only their licences are named: their
 * texts are those of the packages that ask for them.
 */
export function thirdPartyNotices(root: string): string {
  const packages = shippedPackages(readLockedPackages(root)).sort(
    (a, b) => compare(a.name, b.name) || compare(a.version, b.version),
  );
  const lines = [
    "# Third-party notices",
    "",
    "What is shipped with the services that others have written. `npm run notices` writes this file.",
    "",
    "| package | version | licence |",
    "| --- | --- | --- |",
    ...packages.map(({ name, version, license }) => `| ${name} | ${version} | ${license ?? "not told"} |`),
    "",
    "Vendored in third_party:",
    "",
    ...vendored(root).map(({ file, from }) => `- ${file}, from ${from}`),
  ];
  for (const [text, names] of licenceTexts(root, packages)) {
    lines.push("", `## ${names.join(", ")}`, "", "```text", text, "```");
  }
  return `${lines.join("\n")}\n`;
}

/** Packages that bring the very same text share it. */
function licenceTexts(root: string, packages: readonly LockedPackage[]): Map<string, string[]> {
  const namesByText = new Map<string, string[]>();
  for (const { path, name, optional } of packages) {
    const text = optional ? undefined : licenceText(join(root, path));
    if (text === undefined) continue;
    const names = namesByText.get(text) ?? [];
    if (!names.includes(name)) names.push(name);
    namesByText.set(text, names);
  }
  return namesByText;
}

function licenceText(folder: string): string | undefined {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)([.-].*)?$/i.test(file));
  if (files.length === 0) return undefined;
  const text = files
    .sort(compare)
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n\n");
  // Three backticks would end the block it is shown in.
  const lines = text.replaceAll("```", "'''").split(/\r?\n/);
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

function vendored(root: string): { file: string; from: string }[] {
  const text = readFileSync(join(root, "third_party", "sources.json"), "utf8");
  const sources = JSON.parse(text) as Readonly<Record<string, { readonly from: string }>>;
  return Object.entries(sources).map(([file, { from }]) => ({ file, from }));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..", "..");
  writeFileSync(join(root, FILE), thirdPartyNotices(root));
  console.log(`wrote ${FILE}`);
}
