import type { Kafka } from "kafkajs";

/** A request that kafkajs has no call of its own for. */
export interface RawRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** What follows the request's header. */
  readonly body: Buffer;
}

/** Connections to the brokers that lead partitions. */
export interface LeaderConnections {
  /** Resolves with what follows the response's header; rejects when there is no leader, or none that answers. */
  ask(topic: string, partition: number, request: RawRequest): Promise<Buffer>;
  /** To be called when a broker says that it does not lead the partition. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** kafkajs' Cluster, as far as it is used here. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(
    topic: string,
    partitions: readonly number[],
  ): Readonly<Record<string, readonly number[]>>;
  findBroker(of: { nodeId: string }): Promise<{
    readonly connectionPool: { send(protocolRequest: object): Promise<Buffer> };
  }>;
}

const CREATE_CLUSTER = "private:Kafka:createCluster";
const METADATA_MAX_AGE_MS = 300_000;

/** By kafkajs' own means, and with its settings for that client. kafkajs is pinned: another version may lack what is used here, and says so. */
export async function openLeaderConnections(
  kafka: Kafka,
  topics: readonly string[],
): Promise<LeaderConnections> {
  const name = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  if (!name) throw new Error(`this version of kafkajs has no ${CREATE_CLUSTER}`);
  const createCluster = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[name];
  const cluster = (createCluster as (options: object) => Cluster)({
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
  });
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics(topics);
  } catch (error) {
    await cluster.disconnect();
    throw error;
  }
  return {
    async ask(topic, partition, { body, ...request }) {
      const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (nodeId === undefined) throw new Error(`the brokers do not tell of ${topic}/${partition}`);
      const broker = await cluster.findBroker({ nodeId });
      const encoded = { buf: body, buffer: body, size: () => body.length };
      return broker.connectionPool.send({
        request: { ...request, encode: async () => encoded },
        response: { decode: async (bytes: Buffer) => bytes, parse: async (bytes: Buffer) => bytes },
      });
    },
    refresh: () => cluster.refreshMetadata(),
    close: () => cluster.disconnect(),
  };
}
