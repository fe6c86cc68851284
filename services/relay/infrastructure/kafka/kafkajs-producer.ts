import { createKafka, retryForEver } from "../../../platform/kafka/kafka-client.ts";
import { fencedSockets } from "./fenced-sockets.ts";
import type { CreateProducer } from "./kafkajs-publisher.ts";
import type { ProducerConnection } from "./session-publisher.ts";

export function kafkajsProducers({ brokers, clientId, log, mayWrite }: ProducerConnection): CreateProducer {
  const kafka = createKafka({ brokers, clientId, log, socketFactory: fencedSockets(mayWrite) });
  return (assertLive) =>
    kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: retryForEver,
      createPartitioner: () => (args) => {
        assertLive();
        // Every record comes with its partition.
        return args.message.partition ?? 0;
      },
    });
}
