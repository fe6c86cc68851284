/** Why a try to reach the brokers, or to have them take records, failed: a metric's label. */
export const brokerErrorReasons = [
  "timeout",
  "disconnected",
  "not_leader",
  "not_enough_replicas",
  "topic_missing",
  "too_large",
  "refused",
  "authorization",
  "fenced",
  "other",
] as const;
export type BrokerErrorReason = (typeof brokerErrorReasons)[number];

/** Kafka's error codes by name, the two clients' own errors, Node's codes, and ours. */
const namesOf: Readonly<Record<Exclude<BrokerErrorReason, "other">, string>> = {
  timeout:
    "REQUEST_TIMED_OUT KafkaJSRequestTimeoutError KafkaJSTimeout KafkaJSLockTimeout TimeoutError ETIMEDOUT",
  disconnected:
    "NETWORK_EXCEPTION BROKER_NOT_AVAILABLE KafkaJSConnectionError KafkaJSConnectionClosedError KafkaJSBrokerNotFound " +
    "KafkaJSNoBrokerAvailableError PLT_KFK_NETWORK ECONNREFUSED ECONNRESET EPIPE EHOSTUNREACH ENOTFOUND EAI_AGAIN",
  not_leader:
    "NOT_LEADER_FOR_PARTITION NOT_LEADER_OR_FOLLOWER LEADER_NOT_AVAILABLE FENCED_LEADER_EPOCH UNKNOWN_LEADER_EPOCH " +
    "REPLICA_NOT_AVAILABLE KAFKA_STORAGE_ERROR",
  not_enough_replicas: "NOT_ENOUGH_REPLICAS NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  topic_missing:
    "UNKNOWN_TOPIC_OR_PARTITION UNKNOWN_TOPIC_ID INVALID_TOPIC_EXCEPTION TOPIC_MISSING KafkaJSMetadataNotLoaded " +
    "KafkaJSTopicMetadataNotLoaded PLT_KFK_USER",
  too_large: "MESSAGE_TOO_LARGE RECORD_LIST_TOO_LARGE",
  refused: "INVALID_RECORD INVALID_TIMESTAMP UNSUPPORTED_FOR_MESSAGE_FORMAT CORRUPT_MESSAGE POLICY_VIOLATION",
  authorization:
    "TOPIC_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED GROUP_AUTHORIZATION_FAILED SASL_AUTHENTICATION_FAILED " +
    "UNSUPPORTED_SASL_MECHANISM ILLEGAL_SASL_STATE KafkaJSSASLAuthenticationError PLT_KFK_AUTHENTICATION",
  fenced:
    "INVALID_PRODUCER_EPOCH PRODUCER_FENCED INVALID_PRODUCER_ID_MAPPING UNKNOWN_PRODUCER_ID OUT_OF_ORDER_SEQUENCE_NUMBER LEASE_NOT_ALIVE",
};

const reasonOf = new Map(
  brokerErrorReasons.flatMap((reason) =>
    reason === "other" ? [] : namesOf[reason].split(" ").map((name) => [name, reason] as const),
  ),
);

/** Errors within errors are looked at down to here. */
const MAX_DEPTH = 5;

/** What kafkajs calls `type`, @platformatic/kafka calls `apiId`; both wrap what they were told into errors of their own. */
interface ClientError {
  readonly type?: unknown;
  readonly apiId?: unknown;
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

export function brokerErrorReason(error: unknown): BrokerErrorReason {
  return find(error, MAX_DEPTH) ?? "other";
}

function find(error: unknown, depth: number): BrokerErrorReason | undefined {
  if (typeof error !== "object" || error === null || depth === 0) return undefined;
  const { type, apiId, code, name, cause, errors } = error as ClientError;
  // @platformatic/kafka gives a TimeoutError the code of a NetworkError.
  for (const each of [type, apiId, error.constructor?.name, code, name]) {
    const reason = reasonOf.get(String(each));
    if (reason) return reason;
  }
  for (const inner of [...(Array.isArray(errors) ? errors : []), cause]) {
    const reason = find(inner, depth - 1);
    if (reason) return reason;
  }
  return undefined;
}
