/** What is asked of Kafka. Sizes are in bytes, times in ms. */
export interface KafkaFacts {
  readonly brokers: BrokersFacts;
  readonly topics: readonly TopicFacts[];
  readonly topicSettings: readonly TopicSettings[];
  readonly brokerSettings: readonly BrokerSettings[];
}

/** Never unreadable: what cannot be reached is its fact. */
export interface BrokersFacts {
  /** KAFKA_BROKERS, and the addresses that the cluster itself names, which clients then use. */
  readonly addresses: readonly BrokerAddress[];
}

export interface BrokerAddress {
  readonly address: string;
  readonly isBootstrap: boolean;
  readonly failure: string | undefined;
}

export interface TopicFacts {
  readonly topic: string;
  /** Empty when there is no such topic. */
  readonly partitions: readonly {
    readonly partition: number;
    readonly hasLeader: boolean;
    readonly replicas: number;
    readonly inSync: number;
  }[];
  /** What the broker lets us do with it; undefined when it does not tell. */
  readonly operations: ReadonlySet<string> | undefined;
  /** For one that is missing: why the relay could not make it, by a trial that makes nothing; undefined when it could. */
  readonly notCreatable: string | undefined;
}

/** Kafka's settings of a topic that there is, by their names. */
export interface TopicSettings {
  readonly topic: string;
  readonly values: ReadonlyMap<string, string>;
}

export interface BrokerSettings {
  readonly address: string;
  readonly values: ReadonlyMap<string, string>;
}
