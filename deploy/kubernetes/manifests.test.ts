import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Registry } from "prom-client";
import { beforeAll, expect, test } from "vitest";
import { createOpsApp } from "../../services/platform/ops-server.ts";
import { findFaults } from "./testing/find-faults.ts";
import { environmentOf, type Manifest, ofKind, workloads } from "./testing/manifest.ts";
import { pick } from "./testing/plant.ts";
import { type Environment, environments, render } from "./testing/render.ts";

const rendered = {} as Record<Environment, Manifest[]>;
const names = Object.keys(environments) as Environment[];

beforeAll(async () => {
  for (const name of names) rendered[name] = await render(name);
});

test.each(names)("%s has no faults", (name) => {
  expect(workloads(rendered[name]).map((workload) => workload.name)).toEqual([
    "orders-migration/migration",
    "orders-migration/rights",
    "orders-api",
    "orders-projector",
    "outbox-relay",
  ]);
  expect(findFaults(rendered[name])).toEqual([]);
});

test("KEDA scales the projector alone, and no further than the partitions go", () => {
  const manifests = rendered["prod-keda"];
  expect(ofKind(manifests, "HorizontalPodAutoscaler").map(({ metadata }) => metadata.name)).toEqual([
    "orders-api",
  ]);
  const more = structuredClone(manifests);
  pick(more, "ScaledObject", "orders-projector").spec.maxReplicaCount = 13;
  expect(findFaults(more)).toEqual(["orders-projector: 13 pods share 12 partitions"]);
  const elsewhere = structuredClone(manifests);
  pick(elsewhere, "ScaledObject", "orders-projector").spec.triggers[0].metadata.consumerGroup = "other";
  expect(findFaults(elsewhere)).toEqual(["KEDA asks for other, and PROJECTOR_GROUP is orders-projector"]);
});

test("every path that is asked for is one that the ops server has", async () => {
  const app = createOpsApp({ registry: new Registry(), checks: {} });
  const probes = workloads(rendered.prod).flatMap(({ container }) =>
    [container.startupProbe, container.livenessProbe, container.readinessProbe].map(
      (probe) => probe?.httpGet?.path,
    ),
  );
  const scraped = pick(rendered.prod, "ServiceMonitor", "outbox-orders").spec.endpoints;
  const paths = new Set([...probes, ...scraped.map(({ path }: { path: string }) => path)]);
  paths.delete(undefined);
  expect([...paths].sort()).toEqual(["/livez", "/metrics", "/readyz"]);
  for (const path of paths) expect((await app.request(path)).status, path).toBe(200);
});

test("the README names each Secret that is made by hand, with its keys", () => {
  const readme = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const rows = readme.split("\n").map((line) => line.trim());
  for (const each of workloads(rendered.prod)) {
    const { secretName } = each.pod.volumes.find(
      (volume: { name: string }) => volume.name === "secrets",
    ).secret;
    const row = rows.find((text) => text.startsWith(`| \`${secretName}\` `)) ?? "";
    const files = Object.values(environmentOf(rendered.prod, each)).filter((value) =>
      value.includes("/secrets/"),
    );
    expect(files).not.toEqual([]);
    for (const file of files) expect(row, secretName).toContain(`\`${basename(file)}\``);
  }
});

test("Grafana's ConfigMap is small enough to be applied", () => {
  // kubectl apply keeps what it has applied in an annotation, of 256 kB at the most.
  const dashboard = JSON.stringify(pick(rendered.prod, "ConfigMap", "outbox-dashboard"));
  expect(dashboard.length).toBeLessThan(250_000);
});
