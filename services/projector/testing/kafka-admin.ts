import kafkajs from "kafkajs";
import { withAdmin } from "../../../test/support/kafka-client.ts";
import type { Environment } from "./running-projector.ts";

/** How many records the projector's group has committed, over all partitions of a topic that began at 0. */
export function committedOffsets(environment: Environment): Promise<number> {
  return withAdmin(async (admin) => {
    const [topic] = await admin.fetchOffsets({
      groupId: environment.PROJECTOR_GROUP,
      topics: [environment.PROJECTOR_TOPIC],
    });
    return (topic?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  });
}

/** By partition, how many records lie behind what the group has committed, as the broker has it. */
export function groupLag(environment: Environment): Promise<Record<string, number>> {
  return withAdmin(async (admin) => {
    const ends = await admin.fetchTopicOffsets(environment.PROJECTOR_TOPIC);
    const [topic] = await admin.fetchOffsets({
      groupId: environment.PROJECTOR_GROUP,
      topics: [environment.PROJECTOR_TOPIC],
    });
    const committed = new Map(topic?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return Object.fromEntries(
      ends.map(({ partition, high }) => [
        partition,
        Number(high) - Math.max(0, committed.get(partition) ?? 0),
      ]),
    );
  });
}

export function groupMembers(environment: Environment): Promise<number> {
  return withAdmin(async (admin) => {
    const { groups } = await admin.describeGroups([environment.PROJECTOR_GROUP]);
    return groups[0]?.members.length ?? 0;
  });
}

export function describeTopics(
  environment: Environment,
): Promise<Record<string, { partitions: number; retentionMs: string | undefined }>> {
  const names = [environment.PROJECTOR_TOPIC, environment.PROJECTOR_DLQ_TOPIC];
  return withAdmin(async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: names });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: ["retention.ms"],
      })),
    });
    return Object.fromEntries(
      topics.map(({ name, partitions }) => [
        name,
        {
          partitions: partitions.length,
          retentionMs: resources.find(({ resourceName }) => resourceName === name)?.configEntries[0]
            ?.configValue,
        },
      ]),
    );
  });
}
