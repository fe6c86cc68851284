import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { validateManifests } from "../../test/setup/lint-kubernetes.ts";
import { renderText } from "./testing/render.ts";

// `npm run check:kubernetes` holds every overlay to the schemas of Kubernetes; this shows that it would find something.
async function validated(edit: (text: string) => string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "schemas-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "edited.yaml");
  const text = await renderText("prod/services");
  const edited = edit(text);
  expect(edited).not.toBe(text);
  await writeFile(file, edited);
  return (await validateManifests(file)).join("\n");
}

test.each<[string, (text: string) => string, RegExp]>([
  ["a field that is not known", (text) => text.replace("readinessProbe:", "readyProbe:"), /readyProbe/],
  [
    "a value of another type",
    (text) => text.replace("maxUnavailable: 1", "maxUnavailable: [1]"),
    /maxUnavailable|\[1\]/,
  ],
  ["a version that there is not", (text) => text.replace("autoscaling/v2", "autoscaling/v2beta9"), /v2beta9/],
])("%s is refused", async (_, edit, message) => {
  expect(await validated(edit)).toMatch(message);
});

test("what only adds a comment is not", async () => {
  expect(await validated((text) => `# edited\n${text}`)).toBe("");
});
