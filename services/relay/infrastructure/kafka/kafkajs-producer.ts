import { createKafka, retryForEver } from "../../../platform/kafka/kafka-client.ts";
import { fencedSockets } from "./fenced-sockets.ts";
import type { CreateProducer } from "./kafkajs-publisher.ts";
import type { ProducerConnection } from "./session-publisher.ts";

/** Producers on connections of their own. */
export function kafkajsProducers({ mayWrite, ...connection }: ProducerConnection): CreateProducer {
  return (isLive) => {
    const socketFactory = fencedSockets(() => isLive() && mayWrite());
    return createKafka({ ...connection, socketFactory }).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: retryForEver,
      // kafkajs asks it before each try.
      createPartitioner: () => (args) => {
        if (!isLive()) throw Object.assign(new Error("the producer was thrown away"), { retriable: false });
        // Every record comes with its partition.
        return args.message.partition ?? 0;
      },
    });
  };
}
