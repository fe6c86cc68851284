import kafkajs from "kafkajs";
import { kafkaBrokers } from "../../../test/support/kafka.ts";

/** Sets `max.message.bytes` of a topic, which is made when it is missing. */
export async function limitMessageBytes(topic: string, bytes: number): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: kafkaBrokers(), logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: "max.message.bytes", value: `${bytes}` }],
        },
      ],
    });
  } finally {
    await admin.disconnect();
  }
}
