import { kafkaCheck } from "../check.ts";
import type { DoctorSettings } from "../facts.ts";
import { failed, ok, skipped, type Verdict } from "../finding.ts";
import type { TopicFacts } from "../kafka-facts.ts";
import { plural } from "../quantities.ts";
import { topicCommand } from "./topic-commands.ts";

type Judge = (topic: TopicFacts, settings: DoctorSettings) => Verdict;

/** One verdict for each topic; those that are not there yet are told of by `topics` alone. */
function ofEach(judge: Judge) {
  return ({ topics }: { readonly topics: readonly TopicFacts[] }, settings: DoctorSettings) =>
    topics.map((topic) =>
      topic.partitions.length === 0
        ? skipped(`${topic.topic} is not there, or is hidden`)
        : judge(topic, settings),
    );
}

export const topicsThere = kafkaCheck("topics", ["topics"], ({ topics }, settings) =>
  topics.map(({ topic, partitions, operations, notCreatable }) => {
    if (partitions.length > 0) return ok(`${topic} has ${plural(partitions.length, "partition")}`);
    const count = settings.topicPartitions;
    if (notCreatable === undefined) {
      return ok(`${topic} is missing: the relay makes it with ${plural(count, "partition")}`);
    }
    if (operations?.size === 0) return skipped(`whether ${topic} is there, this client may not know`);
    const replication = settings.topicReplication;
    const factor = replication > 0 ? ` --replication-factor ${replication}` : "";
    return failed(`${topic} is missing, and the relay cannot make it: ${notCreatable}`, {
      commands: [`${topicCommand(settings)} --create --topic ${topic} --partitions ${count}${factor}`],
    });
  }),
);

/** Describe is part of each of the others. */
const NEEDED = ["WRITE", "READ"] as const;
const titleCase = (word: string) => word[0] + word.slice(1).toLowerCase();

export const topicRights = kafkaCheck("topic rights", ["topics"], ({ topics }, settings) =>
  topics.map(({ topic, partitions, operations, notCreatable }) => {
    if (partitions.length === 0 && notCreatable === undefined) return ok(`${topic} can be made`);
    if (operations === undefined) return skipped(`the brokers do not tell what may be done with ${topic}`);
    if (partitions.length === 0 && operations.size > 0) return skipped(`${topic} is not there`);
    const missing = NEEDED.filter((each) => !operations.has(each) && !operations.has("ALL")).map(titleCase);
    if (missing.length === 0) {
      return ok(
        `${topic}: ${NEEDED.map(titleCase).join(", ")}; IdempotentWrite on the cluster is not needed since Kafka 2.8`,
      );
    }
    const purpose = "Write to publish, Read to see after a crash what is published already";
    return failed(`${topic}: this client may not ${missing.join(", ")} (${purpose})`, {
      commands: [
        `kafka-acls.sh --bootstrap-server ${settings.brokers.join(",")} --add --allow-principal ${settings.kafkaPrincipal} ` +
          `${missing.map((each) => `--operation ${each} `).join("")}--topic ${topic}`,
      ],
      note: "for the principal that the brokers know the relay by; an ACL that denies it has to be removed",
    });
  }),
);

export const partitionLeaders = kafkaCheck(
  "partition leaders",
  ["topics"],
  ofEach(({ topic, partitions }) => {
    const without = partitions.filter(({ hasLeader }) => !hasLeader).map(({ partition }) => partition);
    if (without.length === 0) return ok(`${topic}: every partition has one`);
    return failed(
      `${topic}: no leader for ${without.join(", ")}; events of their keys wait, and those behind them`,
      {
        note: "start the brokers that hold their replicas",
      },
    );
  }),
);
