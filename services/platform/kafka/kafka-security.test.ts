import { expect, test } from "vitest";
import { z } from "zod";
import { faultsOf } from "../../../test/support/config-faults.ts";
import { loadConfig } from "../config.ts";
import { kafkaSecurityVariables, readKafkaSecurity, withKafkaSecurityRules } from "./kafka-security.ts";

const schema = withKafkaSecurityRules(z.object(kafkaSecurityVariables));
const here = import.meta.filename;

const problemsOf = (environment: Readonly<Record<string, string>>) =>
  faultsOf(() => loadConfig(schema, environment)).map(({ variable, problem }) => `${variable} ${problem}`);

test("nothing set is a plain connection that nobody logs in on", () => {
  expect(readKafkaSecurity(loadConfig(schema, {}))).toEqual({});
});

test.each([
  [{ KAFKA_TLS_CA_FILE: here }, ["KAFKA_TLS_CA_FILE needs KAFKA_TLS=on"]],
  [
    { KAFKA_TLS: "on", KAFKA_TLS_CERT_FILE: here },
    ["KAFKA_TLS_KEY_FILE is required with KAFKA_TLS_CERT_FILE"],
  ],
  [
    { KAFKA_TLS: "on", KAFKA_TLS_KEY_FILE: here },
    ["KAFKA_TLS_CERT_FILE is required with KAFKA_TLS_KEY_FILE"],
  ],
  [
    { KAFKA_TLS: "on", KAFKA_TLS_CA_FILE: "/nowhere.pem" },
    ["KAFKA_TLS_CA_FILE must be the path of a file that can be read"],
  ],
  [
    { KAFKA_SASL_MECHANISM: "scram-sha-512" },
    [
      "KAFKA_SASL_USERNAME is required with KAFKA_SASL_MECHANISM",
      "KAFKA_SASL_PASSWORD is required with KAFKA_SASL_MECHANISM",
    ],
  ],
  [{ KAFKA_SASL_PASSWORD: "p" }, ["KAFKA_SASL_PASSWORD needs KAFKA_SASL_MECHANISM"]],
  [
    { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD: "p" },
    ["KAFKA_SASL_MECHANISM plain needs KAFKA_TLS=on"],
  ],
])("%j is told what is missing", (environment, faults) => {
  expect(problemsOf(environment)).toEqual(faults);
});

test("what is set reaches the client", () => {
  const config = loadConfig(schema, {
    KAFKA_TLS: "on",
    KAFKA_TLS_CA_FILE: here,
    KAFKA_SASL_MECHANISM: "plain",
    KAFKA_SASL_USERNAME: "u",
    KAFKA_SASL_PASSWORD: "p",
  });
  expect(readKafkaSecurity(config)).toEqual({
    tls: { ca: expect.stringContaining("what is set reaches the client") },
    sasl: { mechanism: "plain", username: "u", password: "p" },
  });
});
