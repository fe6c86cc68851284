import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { RelayError } from "../../application/relay-error.ts";
import { brokerErrorReason } from "./broker-error-reason.ts";
import { MultipleErrors, NetworkError, ProtocolError, TimeoutError } from "./platformatic-parts.ts";

/** As kafkajs has it from a broker's answer. */
const protocol = (type: string, code: number) =>
  new kafkajs.KafkaJSProtocolError({ type, code, name: "KafkaJSProtocolError", message: type } as never);

test.each([
  [
    "disconnected",
    new kafkajs.KafkaJSConnectionError("connect ECONNREFUSED", { broker: "a:1", code: "ECONNREFUSED" }),
  ],
  ["timeout", new kafkajs.KafkaJSRequestTimeoutError("Produce timed out", {} as never)],
  ["not_leader", protocol("NOT_LEADER_FOR_PARTITION", 6)],
  ["not_enough_replicas", protocol("NOT_ENOUGH_REPLICAS", 19)],
  ["topic_missing", protocol("UNKNOWN_TOPIC_OR_PARTITION", 3)],
  ["too_large", protocol("MESSAGE_TOO_LARGE", 10)],
  ["refused", protocol("INVALID_RECORD", 87)],
  ["authorization", protocol("TOPIC_AUTHORIZATION_FAILED", 29)],
  ["fenced", protocol("INVALID_PRODUCER_EPOCH", 47)],
  [
    "timeout",
    new kafkajs.KafkaJSNumberOfRetriesExceeded(protocol("REQUEST_TIMED_OUT", 7), {
      retryCount: 2,
      retryTime: 1,
    }),
  ],
])("of kafkajs: %s (%s)", (reason, error) => {
  expect(brokerErrorReason(error)).toBe(reason);
});

test.each([
  ["disconnected", new NetworkError("Connection closed")],
  ["timeout", new TimeoutError("Request timed out")],
  ["not_leader", new MultipleErrors("producing failed", [new ProtocolError("NOT_LEADER_OR_FOLLOWER")])],
  [
    "authorization",
    new MultipleErrors("producing failed", [new ProtocolError("TOPIC_AUTHORIZATION_FAILED")]),
  ],
  ["too_large", new RelayError("RECORD_REFUSED", "no", { cause: new ProtocolError("MESSAGE_TOO_LARGE") })],
])("of @platformatic/kafka: %s (%s)", (reason, error) => {
  expect(brokerErrorReason(error)).toBe(reason);
});

test("what nobody has a name for is other", () => {
  for (const error of [new Error("?"), undefined, "text", { code: 7 }])
    expect(brokerErrorReason(error)).toBe("other");
});

test("errors that hold one another come to an end", () => {
  const error = new Error("outer");
  error.cause = error;
  expect(brokerErrorReason(error)).toBe("other");
});
