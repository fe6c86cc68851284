import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Issuer, startIssuer } from "../../services/api/testing/issuer.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../services/gen/grpc/health/v1/health_pb.ts";
import { createEmptyDatabase } from "../../test/setup/template-database.ts";
import { makeCertificate, type TestCertificate, temporaryFolder } from "../../test/support/certificates.ts";
import { withDatabase } from "../../test/support/database.ts";
import { eventually } from "../../test/support/eventually.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../../test/support/otlp-receiver.ts";
import type { OwnPostgres } from "../../test/support/own-servers.ts";
import { placeOrder } from "../../test/support/place-order.ts";
import { type SecureKafka, startSecureKafka } from "../../test/support/secure-kafka.ts";
import { startSecurePostgres } from "../../test/support/secure-postgres.ts";
import { type SecureRedis, startSecureRedis } from "../../test/support/secure-redis.ts";
import { type ServiceProcess, spawnService } from "../../test/support/service-process.ts";
import { environmentOf, type Manifest, type Workload, workloads } from "./testing/manifest.ts";
import { render } from "./testing/render.ts";
import { withMounts } from "./testing/rules/environment.ts";

// Each service with the environment that the overlay gives it, on servers that ask for what production's ask: TLS, logins, rights.
const DATABASE = "orders";
const KAFKA_PASSWORD = "kafka-pa55";
const TOPIC = "orders-events";
const root = join(import.meta.dirname, "..", "..");
let manifests: Manifest[];
let migration: string[];
let certificate: TestCertificate;
let postgres: OwnPostgres;
let kafka: SecureKafka;
let redis: SecureRedis;
let issuer: Issuer;
let collector: OtlpReceiver;

beforeAll(async () => {
  manifests = await render("prod");
  certificate = await makeCertificate(await temporaryFolder(afterAll), "servers", "DNS:localhost");
  const users = { relay: KAFKA_PASSWORD, projector: KAFKA_PASSWORD };
  [postgres, kafka, redis, issuer, collector] = await Promise.all([
    startSecurePostgres(certificate),
    startSecureKafka(certificate, users),
    startSecureRedis(certificate),
    startIssuer(),
    startOtlpReceiver(),
  ]);
  await createEmptyDatabase(postgres.url, DATABASE);
  migration = [await runOnce("orders-migration/migration"), await runOnce("orders-migration/rights")];
  await kafka.createTopics([TOPIC, `${TOPIC}.dlq`]);
  await kafka.allow("relay", [["topic", TOPIC, "DESCRIBE", "READ", "WRITE"]]);
  await kafka.allow("projector", [
    ["topic", TOPIC, "DESCRIBE", "READ"],
    ["topic", `${TOPIC}.dlq`, "DESCRIBE", "WRITE"],
    ["group", "orders-projector", "READ"],
  ]);
}, 120_000);

afterAll(async () => {
  await Promise.all([
    postgres?.dispose(),
    kafka?.dispose(),
    redis?.dispose(),
    issuer?.close(),
    collector?.close(),
  ]);
});

/** What takes the place of the addresses in the overlay; whatever else it says stays. */
const addresses: Readonly<Record<string, () => string>> = {
  HOST: () => "127.0.0.1",
  OPS_PORT: () => "0",
  API_PORT: () => "0",
  API_GRPC_PORT: () => "0",
  KAFKA_BROKERS: () => kafka.brokers,
  AUTH_JWKS_URL: () => issuer.url,
  OTEL_EXPORTER_OTLP_ENDPOINT: () => collector.url,
};

function databaseUrl(role: "orders_owner" | "orders_api" | "outbox_relay"): string {
  const url = new URL(withDatabase(postgres.url, DATABASE, role));
  url.hostname = "localhost";
  url.search = new URLSearchParams({ sslmode: "verify-full", sslrootcert: certificate.certFile }).toString();
  return url.href;
}

/** The files of the Secrets and of the ConfigMap with the authorities. */
const files: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "orders-migration": { "database-url": () => databaseUrl("orders_owner") },
  "orders-api": {
    "database-url": () => databaseUrl("orders_api"),
    "redis-url": () => redis.urlOf("orders_api"),
  },
  "outbox-relay": {
    "database-url": () => databaseUrl("outbox_relay"),
    "kafka-password": () => KAFKA_PASSWORD,
  },
  "orders-projector": {
    "redis-url": () => redis.urlOf("orders_projector"),
    "kafka-password": () => KAFKA_PASSWORD,
  },
};

function workload(name: string): Workload {
  const found = workloads(manifests).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
}

async function environment(name: string): Promise<Record<string, string>> {
  const folder = await temporaryFolder(afterAll);
  const contentOf = (file: string) =>
    file.endsWith(".pem")
      ? String(certificate.cert)
      : (files[of.pod.serviceAccountName]?.[file]?.() ?? `no ${file} for ${name}`);
  const of = workload(name);
  const given = withMounts(of, environmentOf(manifests, of), folder, contentOf);
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, addresses[key]?.() ?? value]));
}

/** Resolves with what it says. */
async function runOnce(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, workload(name).container.args, {
    cwd: root,
    env: { PATH: process.env.PATH, ...(await environment(name)) },
  });
  return stdout;
}

async function start(name: string, service: "api" | "relay" | "projector"): Promise<ServiceProcess> {
  const process = spawnService(service, await environment(name));
  onTestFinished(async () => void (await process.end("SIGKILL")));
  return process;
}

/** Asks what the kubelet would ask. */
async function probe(name: string, process: ServiceProcess): Promise<void> {
  const ports = await process.started();
  const { startupProbe, livenessProbe, readinessProbe } = workload(name).container;
  for (const { httpGet, grpc } of [startupProbe, livenessProbe, readinessProbe]) {
    if (grpc !== undefined) {
      const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${ports.grpcPort}` });
      const { status } = await createClient(Health, transport).check({ service: grpc.service ?? "" });
      expect(status).toBe(Status.SERVING);
    } else {
      const response = await fetch(`http://127.0.0.1:${ports[`${httpGet.port}Port`]}${httpGet.path}`);
      expect(response.status, await response.text()).toBe(200);
    }
  }
}

test("the Job migrates an empty database as its owner, and gives the roles their rights", () => {
  expect(migration).toEqual([
    expect.stringMatching(/^applied 0001_orders_and_outbox, /),
    "roles and rights are there; passwords set: none\n",
  ]);
});

test("with prod's environment the services become ready, and an order comes through", async () => {
  const api = await start("orders-api", "api");
  const relay = await start("outbox-relay", "relay");
  const projector = await start("orders-projector", "projector");
  await eventually(() => probe("orders-api", api), { timeoutMs: 30_000 });
  await eventually(() => probe("outbox-relay", relay), { timeoutMs: 30_000 });
  await eventually(() => probe("orders-projector", projector), { timeoutMs: 30_000 });

  const { httpPort } = await api.started();
  const { AUTH_ISSUER, AUTH_AUDIENCE } = environmentOf(manifests, workload("orders-api"));
  const token = await issuer.token({ iss: AUTH_ISSUER, aud: AUTH_AUDIENCE, scope: "orders:write" });
  const id = await placeOrder(`http://127.0.0.1:${httpPort}`, { authorization: `Bearer ${token}` });
  const view = redis.connect("orders_projector");
  onTestFinished(() => view.disconnect());
  await eventually(async () => expect(await view.hget(`order:{${id}}`, "version")).toBe("1"), {
    timeoutMs: 30_000,
  });
  expect(await relay.end("SIGTERM")).toBe(0);
  expect(await projector.end("SIGTERM")).toBe(0);
}, 100_000);
