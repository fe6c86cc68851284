import { X509Certificate } from "node:crypto";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { makeCertificate, temporaryFolder } from "../../../test/support/certificates.ts";
import { accessMetricNames, createAccessMetrics } from "./access-metrics.ts";

test("every metric of who is let in is there before anything happened, and counters begin at 0", async () => {
  const registry = new Registry();
  createAccessMetrics(registry);
  const text = await registry.metrics();
  for (const name of Object.values(accessMetricNames)) expect(text).toContain(`\n${name}`);
  expect(text).toContain(`${accessMetricNames.refused}{code="rate_limited"} 0`);
  expect(text).toContain(`${accessMetricNames.rateLimit}{result="limited"} 0`);
  expect(text).toContain(`${accessMetricNames.keyLoads}{result="failed"} 0`);
  expect(text).toContain(`${accessMetricNames.certificateLoads}{result="failed"} 0`);
});

test("refusals, counts, keys and certificates are told apart by what became of them", async () => {
  const registry = new Registry();
  const metrics = createAccessMetrics(registry);
  const { cert } = await makeCertificate(await temporaryFolder(), "any");
  const certificate = new X509Certificate(cert);
  metrics.onRefused("PERMISSION_DENIED");
  metrics.onRateLimit("unknown");
  metrics.onKeysLoad(false);
  metrics.onCertificateLoad(false, certificate);
  const text = await registry.metrics();
  expect(text).toContain(`${accessMetricNames.refused}{code="permission_denied"} 1`);
  expect(text).toContain(`${accessMetricNames.rateLimit}{result="unknown"} 1`);
  expect(text).toContain(`${accessMetricNames.keyLoads}{result="failed"} 1`);
  expect(text).toContain(`${accessMetricNames.keysLoadedAt} 0`);
  expect(text).toContain(`${accessMetricNames.certificateLoads}{result="failed"} 1`);
  const expires = certificate.validToDate.getTime() / 1_000;
  expect(text).toContain(`${accessMetricNames.certificateExpires} ${expires}`);
});
