import { edit, editPod, setVariable, testFinds } from "../plant.ts";
import { portFaults } from "./ports.ts";

testFinds(portFaults, [
  [
    "a Service to a port that the pods have not",
    edit("Service", "orders-api-grpc", ({ spec }) => {
      spec.ports[0].targetPort = "h2c";
    }),
    "Service orders-api-grpc: orders-api has no port h2c",
  ],
  [
    "a policy for a port that the pods have not",
    edit("NetworkPolicy", "orders-api-from-callers", ({ spec }) => {
      spec.ingress[0].ports[0].port = "rest";
    }),
    "NetworkPolicy orders-api-from-callers: no pod that it selects has a port rest",
  ],
  [
    "figures that nobody fetches",
    edit("ServiceMonitor", "outbox-orders", ({ spec }) => {
      spec.endpoints[0].port = "metrics";
    }),
    "ServiceMonitor outbox-orders: outbox-relay is scraped at metrics through 0 Services",
  ],
  [
    "figures of ready pods only",
    edit("Service", "outbox-relay-ops", ({ spec }) => {
      delete spec.publishNotReadyAddresses;
    }),
    "Service outbox-relay-ops: a pod that is not ready would not be scraped",
  ],
  [
    "a port that is not the service's",
    setVariable("orders-api", "API_GRPC_PORT", "9091"),
    "orders-api: port grpc is 9090, and API_GRPC_PORT is 9091",
  ],
  [
    "a probe of a port that the pods have not",
    editPod("orders-api", (_, container) => {
      container.readinessProbe.grpc.port = 9091;
    }),
    "orders-api: readinessProbe asks port 9091",
  ],
  [
    "brokers that no policy lets the relay reach",
    setVariable("kafka-clients", "KAFKA_BROKERS", "kafka.example.com:9095"),
    "outbox-relay: no NetworkPolicy lets it out to kafka://kafka.example.com:9095",
  ],
  [
    "an issuer that no policy lets the API reach",
    setVariable("orders-api", "AUTH_JWKS_URL", "https://issuer.example.com:8443/keys"),
    "orders-api: no NetworkPolicy lets it out to https://issuer.example.com:8443/keys",
  ],
]);
