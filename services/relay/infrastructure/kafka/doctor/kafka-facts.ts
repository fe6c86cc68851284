import type { KafkaSecurity } from "../../../../platform/kafka/kafka-security.ts";
import { type FactReaders, FactUnreadable } from "../../../application/doctor/facts.ts";
import type { BrokerAddress, KafkaFacts, TopicSettings } from "../../../application/doctor/kafka-facts.ts";
import type { BrokerConnection } from "./broker-connection.ts";

export interface KafkaFactsOptions {
  readonly brokers: readonly string[];
  readonly security: KafkaSecurity;
  readonly topics: readonly string[];
  /** With which the relay makes a topic that is missing. */
  readonly partitions: number;
  readonly replicationFactor: number;
}

/** Each connects on its own when it is asked for. */
export function createKafkaFacts(options: KafkaFactsOptions): FactReaders<KafkaFacts> {
  const { brokers, security, topics, partitions, replicationFactor } = options;
  /** The client is loaded by those who need it. */
  const connect: Connect = async (address) =>
    (await import("./broker-connection.ts")).connectBroker(address, security);

  return {
    async brokers() {
      const bootstrap = await Promise.all(brokers.map((address) => look(connect, address, true)));
      const named = new Set(bootstrap.flatMap(({ cluster }) => cluster));
      const others = await Promise.all(
        Array.from(named.difference(new Set(brokers)), (address) => look(connect, address, false)),
      );
      return { addresses: [...bootstrap, ...others] };
    },
    topics: () =>
      onAny(connect, brokers, async (connection) => {
        const { topics: found } = await connection.describe(topics);
        return Promise.all(
          found.map(async (topic) => {
            const isMissing = topic.partitions.length === 0;
            const notCreatable = isMissing
              ? await connection.whyNotCreatable(topic.topic, partitions, replicationFactor)
              : undefined;
            return { ...topic, notCreatable };
          }),
        );
      }),
    topicSettings: () =>
      onAny(connect, brokers, async (connection) => {
        const found: TopicSettings[] = [];
        for (const topic of topics) {
          const values = await connection.topicSettings(topic);
          if (values) found.push({ topic, values });
        }
        return found;
      }),
    brokerSettings: () =>
      onAny(connect, brokers, async (connection) => {
        const { nodes } = await connection.describe([]);
        return Promise.all(
          nodes.map(({ id, address }) =>
            onAny(connect, [address], async (broker) => ({
              address,
              values: await broker.brokerSettings(id),
            })),
          ),
        );
      }),
  };
}

type Connect = (address: string) => Promise<BrokerConnection>;

async function look(
  connect: Connect,
  address: string,
  isBootstrap: boolean,
): Promise<BrokerAddress & { cluster: string[] }> {
  try {
    const { nodes } = await on(await connect(address), (connection) => connection.describe([]));
    return { address, isBootstrap, failure: undefined, cluster: nodes.map((node) => node.address) };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { address, isBootstrap, failure, cluster: [] };
  }
}

/** On the first that answers. @throws FactUnreadable */
async function onAny<T>(
  connect: Connect,
  addresses: readonly string[],
  work: (connection: BrokerConnection) => Promise<T>,
): Promise<T> {
  let cause: unknown;
  for (const address of addresses) {
    const connection = await connect(address).catch((error: unknown) => {
      cause = error;
    });
    if (connection) return on(connection, work);
  }
  throw new FactUnreadable("unreachable", "no broker can be reached", { cause });
}

async function on<T>(
  connection: BrokerConnection,
  work: (connection: BrokerConnection) => Promise<T>,
): Promise<T> {
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
