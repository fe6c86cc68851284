import { expect, test } from "vitest";
import { type Manifest, ofKind, type Workload, workloads } from "./manifest.ts";
import { render } from "./render.ts";

export type Edit = (manifests: Manifest[]) => void;

/** What is planted, how, and what the rule has to say of it. */
export type PlantedFault = readonly [what: string, plant: Edit, fault: string];

type Rule = (manifests: readonly Manifest[]) => Iterable<string>;

/** A test for each: the rule finds it in prod. */
export function testFinds(rule: Rule, planted: readonly PlantedFault[]): void {
  test.each(planted)("%s is found", async (_, plant, fault) => {
    expect(await faultsIn(plant, rule)).toContain(fault);
  });
}

let prod: Promise<Manifest[]> | undefined;

/** What a rule finds in prod with the fault in it. */
async function faultsIn(plant: Edit, rule: Rule): Promise<string[]> {
  prod ??= render("prod");
  const manifests = structuredClone(await prod);
  plant(manifests);
  return [...rule(manifests)];
}

/** The one object of that kind whose name begins so: that of a ConfigMap ends with a hash. */
// biome-ignore lint/suspicious/noExplicitAny: each kind has its own shape
export function pick(manifests: readonly Manifest[], kind: string, name: string): any {
  const [found, ...others] = ofKind(manifests, kind).filter(({ metadata }) => metadata.name.startsWith(name));
  if (found === undefined || others.length > 0) throw new Error(`not one ${kind} ${name}`);
  return found;
}

export function edit(kind: string, name: string, change: (object: ReturnType<typeof pick>) => void): Edit {
  return (manifests) => change(pick(manifests, kind, name));
}

export function editPod(
  name: string,
  change: (pod: Workload["pod"], container: Workload["container"]) => void,
): Edit {
  return (manifests) => {
    const found = workloads(manifests).find((each) => each.name === name);
    if (found === undefined) throw new Error(`no workload ${name}`);
    change(found.pod, found.container);
  };
}

/** Undefined takes the variable away. */
export function setVariable(configMap: string, name: string, value: string | undefined): Edit {
  return edit("ConfigMap", configMap, ({ data }) => {
    if (value === undefined) delete data[name];
    else data[name] = value;
  });
}
