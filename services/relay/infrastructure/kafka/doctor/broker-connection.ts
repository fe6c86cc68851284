import {
  AclOperations,
  ConfigResourceTypes,
  type ConfigResourceTypeValue,
  Connection,
  createTopicsV7,
  describeConfigsV4,
  metadataV12,
  type ResponseError,
} from "@platformatic/kafka";
import type { KafkaSecurity } from "../../../../platform/kafka/kafka-security.ts";
import { FactUnreadable } from "../../../application/doctor/facts.ts";
import { errorNames, reasonOf } from "../platformatic-errors.ts";
import { platformaticSecurity } from "../platformatic-security.ts";

/** Kafka's codes, as responses have them. */
const NONE = 0;
const UNKNOWN_TOPIC = 3;
const TOPIC_DENIED = 29;
/** What a broker answers that was not asked, or does not know. */
const NO_OPERATIONS = -(2 ** 31);
const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 8_000;

export interface DescribedTopic {
  readonly topic: string;
  readonly partitions: readonly { partition: number; hasLeader: boolean; replicas: number; inSync: number }[];
  readonly operations: ReadonlySet<string> | undefined;
}

export interface ClusterDescription {
  readonly nodes: readonly { readonly id: number; readonly address: string }[];
  readonly topics: readonly DescribedTopic[];
}

/** One connection to one broker, for questions. Requests as brokers take them from Kafka 2.8 on. */
export interface BrokerConnection {
  describe(topics: readonly string[]): Promise<ClusterDescription>;
  /** Undefined when there is no such topic. @throws FactUnreadable */
  topicSettings(topic: string): Promise<ReadonlyMap<string, string> | undefined>;
  brokerSettings(id: number): Promise<ReadonlyMap<string, string>>;
  /** Tries without making it; says why it would not work, or undefined. */
  whyNotCreatable(topic: string, partitions: number, replicationFactor: number): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Rejects with what the network or the broker said. */
export async function connectBroker(address: string, security: KafkaSecurity): Promise<BrokerConnection> {
  const { hostname, port } = new URL(`kafka://${address}`);
  const connection = new Connection("outbox-doctor", {
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...platformaticSecurity(security),
  });
  // Whoever asks is told; without a listener the process would end.
  connection.on("error", () => {});
  const close = () => connection.close().catch(() => {});
  try {
    await connection.connect(hostname, Number(port));
    // That somebody listens there does not mean that it is a broker.
    await metadataV12.api.async(connection, [], false, false);
  } catch (error) {
    await close();
    throw new FactUnreadable("unreachable", reasonOf(error), { cause: error });
  }

  async function settings(
    resourceType: ConfigResourceTypeValue,
    resourceName: string,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    try {
      const { results } = await describeConfigsV4.api.async(connection, [{ resourceType, resourceName }]);
      return new Map(results[0]?.configs.map(({ name, value }) => [name, value ?? ""]));
    } catch (error) {
      const names = errorNames(error);
      if (names.includes("UNKNOWN_TOPIC_OR_PARTITION")) return undefined;
      if (!names.some((name) => name.endsWith("AUTHORIZATION_FAILED"))) throw error;
      const what = resourceType === ConfigResourceTypes.TOPIC ? `of topic ${resourceName}` : "of the brokers";
      throw new FactUnreadable("denied", `this client may not see the settings ${what} (DescribeConfigs)`, {
        cause: error,
      });
    }
  }

  return {
    async describe(topics) {
      const { brokers, topics: found } = await evenIfSomeFailed(
        metadataV12.api.async(connection, [...topics], false, true),
      );
      return {
        nodes: brokers.map(({ nodeId: id, host, port: at }) => ({ id, address: `${host}:${at}` })),
        topics: found.map(({ name, errorCode, partitions, topicAuthorizedOperations }) => ({
          topic: name ?? "",
          partitions: errorCode === NONE ? partitions.map(toPartition) : [],
          operations:
            errorCode === TOPIC_DENIED
              ? new Set<string>()
              : errorCode === UNKNOWN_TOPIC || topicAuthorizedOperations === NO_OPERATIONS
                ? undefined
                : operationsOf(topicAuthorizedOperations),
        })),
      };
    },
    topicSettings: (topic) => settings(ConfigResourceTypes.TOPIC, topic),
    brokerSettings: async (id) => (await settings(ConfigResourceTypes.BROKER, String(id))) ?? new Map(),
    async whyNotCreatable(topic, numPartitions, replicationFactor) {
      const wanted = { name: topic, numPartitions, replicationFactor, assignments: [], configs: [] };
      try {
        await createTopicsV7.api.async(connection, [wanted], REQUEST_TIMEOUT_MS, true);
        return undefined;
      } catch (error) {
        return reasonOf(error);
      }
    },
    close,
  };
}

/** An error in the answer for one of several topics rejects the whole; the answer is within. */
async function evenIfSomeFailed<Response>(answer: Promise<Response>): Promise<Response> {
  return answer.catch((error: ResponseError) => {
    if (error.response === undefined) throw error;
    return error.response as Response;
  });
}

function toPartition(partition: {
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
}) {
  return {
    partition: partition.partitionIndex,
    hasLeader: partition.leaderId >= 0,
    replicas: partition.replicaNodes.length,
    inSync: partition.isrNodes.length,
  };
}

/** One bit for each operation, at the place of its code. */
function operationsOf(bits: number): ReadonlySet<string> {
  return new Set(
    Object.entries(AclOperations)
      .filter(([, code]) => (bits & (1 << code)) !== 0)
      .map(([name]) => name),
  );
}
