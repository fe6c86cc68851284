import { editPod, setVariable, testFinds } from "../plant.ts";
import { environmentFaults } from "./environment.ts";

testFinds(environmentFaults, [
  [
    "a program that is not there",
    editPod("outbox-relay", (_, container) => {
      container.args = ["services/relay/index.ts"];
    }),
    "outbox-relay starts services/relay/index.ts, which is no program",
  ],
  [
    "a variable with a wrong name",
    setVariable("outbox-relay", "RELAY_TOPIC", "order=orders"),
    "outbox-relay knows no variable RELAY_TOPIC",
  ],
  [
    "a relay that may take any memory",
    setVariable("outbox-relay", "NODE_OPTIONS", undefined),
    "outbox-relay is not started with NODE_OPTIONS=--max-semi-space-size=2",
  ],
  [
    "a variable with a wrong value",
    setVariable("all-services", "LOG_LEVEL", "verbose"),
    'orders-api: LOG_LEVEL Invalid option: expected one of "trace"|"debug"|"info"|"warn"|"error"|"fatal"',
  ],
  [
    "a variable that is required and not given",
    setVariable("orders-api", "AUTH_ISSUER", undefined),
    "orders-api: AUTH_ISSUER is required, unless AUTH=off",
  ],
  [
    "a file that is not mounted",
    setVariable("orders-projector", "REDIS_URL_FILE", "/run/secrets/redis-url"),
    "orders-projector: REDIS_URL_FILE cannot be read: ENOENT",
  ],
  [
    "pods that are killed before they have stopped",
    setVariable("outbox-relay", "SHUTDOWN_TIMEOUT_MS", "25000"),
    "outbox-relay is killed after 25000 ms, and may take 25000 to stop",
  ],
]);
