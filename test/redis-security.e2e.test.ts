import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { makeCertificate, type TestCertificate, temporaryFolder } from "./support/certificates.ts";
import { eventually } from "./support/eventually.ts";
import { kafkaBrokers, uniqueTopic } from "./support/kafka.ts";
import { startOrderSystem } from "./support/order-system.ts";
import { placeOrder } from "./support/place-order.ts";
import { type SecureRedis, startSecureRedis } from "./support/secure-redis.ts";
import { spawnService } from "./support/service-process.ts";

let certificate: TestCertificate;
let other: TestCertificate;
let redis: SecureRedis;

beforeAll(async () => {
  const folder = await temporaryFolder(afterAll);
  certificate = await makeCertificate(folder, "redis", "DNS:localhost");
  other = await makeCertificate(folder, "other", "DNS:localhost");
  redis = await startSecureRedis(certificate);
});
afterAll(() => redis?.dispose());

function connectionOf(user: "orders_api" | "orders_projector", ca = certificate, host?: string) {
  return { REDIS_URL: redis.urlOf(user, host), REDIS_TLS_CA_FILE: ca.certFile };
}

test("API and projector need no more of Redis than their users may do, over TLS", async () => {
  const system = await startOrderSystem({
    variables: {
      api: { ...connectionOf("orders_api"), API_RATE_LIMIT_PER_SECOND: "1000", API_KEY_PREFIX: "" },
      projector: {
        ...connectionOf("orders_projector"),
        PROJECTOR_KEY_PREFIX: "",
        PROJECTOR_FINAL_ORDER_HOURS: "1",
      },
    },
  });
  onTestFinished(() => system.stop());
  const id = await placeOrder(system.restUrl);
  const projector = redis.connect("orders_projector");
  onTestFinished(() => projector.disconnect());
  await eventually(async () => expect(await projector.hget(`order:{${id}}`, "version")).toBe("1"));
  // Once from Postgres into the cache, then from there; and the change through both.
  const read = () => fetch(`${system.restUrl}/orders/${id}`);
  await read();
  await read();
  const changed = await fetch(`${system.restUrl}/orders/${id}/ready`, { method: "POST" });
  expect(changed.status).toBe(200);
  await fetch(`${system.restUrl}/orders/${id}/issue`, { method: "POST" });
  const figuresOf = async (service: "api" | "projector") => {
    const { opsPort } = await system.processes[service].started();
    return (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  };
  // Counted only when all of it was done.
  await eventually(async () =>
    expect(await figuresOf("projector")).toMatch(/^projector_events_total\{result="applied"\} 3$/m),
  );
  expect(await projector.hget(`order:{${id}}`, "status")).toBe("issued");
  const metrics = await figuresOf("api");
  expect(metrics).toMatch(/^order_cache_requests_total\{result="hit"\} [1-9]/m);
  expect(metrics).not.toMatch(/^order_cache_(requests|writes)_total\{result="error"\} [1-9]/m);
  expect(metrics).toMatch(/^orders_rate_limit_checks_total\{result="allowed"\} [1-9]/m);
  expect(metrics).not.toMatch(/^orders_rate_limit_checks_total\{result="unknown"\} [1-9]/m);
});

test("each user is refused what is another's or nobody's", async () => {
  const api = redis.connect("orders_api");
  const projector = redis.connect("orders_projector");
  onTestFinished(() => {
    api.disconnect();
    projector.disconnect();
  });
  const refused = [
    () => api.call("KEYS", "*"),
    () => api.call("FLUSHALL"),
    () => api.call("CONFIG", "GET", "*"),
    () => api.call("SPUBLISH", "order-changed:{1}", "1"),
    () => api.call("SET", "other", "1"),
    () => projector.call("DEL", "order:{1}"),
    () => projector.call("GET", "orders-api:rate:1"),
    () => projector.call("SPUBLISH", "other", "1"),
    () => projector.call("ACL", "LIST"),
  ];
  for (const call of refused) await expect(call()).rejects.toThrow(/NOPERM/);
});

test.each([
  ["an authority that did not sign its certificate", () => [other, undefined] as const, /certificate/],
  ["a host name that its certificate does not have", () => [certificate, "127.0.0.1"] as const, /altname/],
])("a server with %s is refused, and the projector stays alive and says why", async (_, server, reason) => {
  const [ca, host] = server();
  const topic = uniqueTopic("redis-tls");
  const projector = spawnService("projector", {
    ...connectionOf("orders_projector", ca, host),
    KAFKA_BROKERS: kafkaBrokers().join(),
    PROJECTOR_TOPIC: topic,
    PROJECTOR_DLQ_TOPIC: `${topic}.dlq`,
    PROJECTOR_GROUP: `${topic}-projector`,
    OPS_PORT: "0",
  });
  onTestFinished(async () => void (await projector.end("SIGKILL")));
  const { opsPort } = await projector.started();
  await eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    expect([response.status, await response.text()]).toEqual([503, expect.stringMatching(reason)]);
  });
});
