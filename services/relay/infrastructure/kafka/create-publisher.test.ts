import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const listUrls = `
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      console.log(url);
      return next(url, context);
    },
  });
  await import(process.argv[1]);
`;

/** The modules that a process loads which imports this one. */
async function loadedBy(module: string): Promise<string> {
  const url = new URL(module, import.meta.url).href;
  const args = ["--input-type=module", "--eval", listUrls, url];
  return (await promisify(execFile)(process.execPath, args, { maxBuffer: 10_000_000 })).stdout;
}

test("a relay that publishes with kafkajs does not load the other client", async () => {
  const loaded = await loadedBy("../../composition-root.ts");
  expect(loaded).toContain("/create-publisher.ts");
  expect(loaded).not.toContain("/@platformatic/kafka/");
  expect(await loadedBy("platformatic-publisher.ts")).toContain("/@platformatic/kafka/");
});
