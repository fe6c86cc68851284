import kafkajs from "kafkajs";
import { kafkaBrokers } from "../../../test/support/kafka.ts";

/** Sets `max.message.bytes` of a topic, which is made when it is missing. */
export function limitMessageBytes(topic: string, bytes: number): Promise<void> {
  return setTopic(topic, { "max.message.bytes": String(bytes) });
}

/** Gives the topic these settings and no others; it is made when it is missing. */
export async function setTopic(topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: kafkaBrokers(), logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    });
  } finally {
    await admin.disconnect();
  }
}
