import kafkajs from "kafkajs";
import { expect } from "vitest";
import { eventually } from "../../../test/support/eventually.ts";
import { withAdmin } from "../../../test/support/kafka-client.ts";

/** Sets `max.message.bytes` of a topic, which is made when it is missing. */
export function limitMessageBytes(topic: string, bytes: number): Promise<void> {
  return setTopic(topic, { "max.message.bytes": String(bytes) });
}

/** Gives the topic these settings and no others; it is made when it is missing. */
export async function setTopic(topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    });
    // The controller has it: the broker goes by it a moment later.
    await eventually(async () => expect(await ownSettings(admin, topic)).toEqual(settings));
  });
}

/** What is set for the topic itself, as the broker has it. */
async function ownSettings(admin: kafkajs.Admin, topic: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const own = entries.filter(({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG);
  return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
}
