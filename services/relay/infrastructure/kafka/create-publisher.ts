import type { Publisher } from "../../application/publisher.ts";
import { kafkajsProducers } from "./kafkajs-producer.ts";
import { createKafkajsPublisher } from "./kafkajs-publisher.ts";
import type { ProducerConnection, PublisherOptions } from "./session-publisher.ts";

export async function createPublisher(
  client: "kafkajs" | "platformatic",
  options: PublisherOptions & ProducerConnection,
): Promise<Publisher> {
  if (client === "kafkajs") return createKafkajsPublisher(options, kafkajsProducers(options));
  // @platformatic/kafka takes 60 MB: it is loaded by those who use it.
  const { createPlatformaticPublisher } = await import("./platformatic-publisher.ts");
  return createPlatformaticPublisher(options);
}
