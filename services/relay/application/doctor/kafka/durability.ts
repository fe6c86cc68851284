import { kafkaCheck } from "../check.ts";
import type { DoctorSettings } from "../facts.ts";
import { failed, ok, skipped, type Verdict, warning } from "../finding.ts";
import type { TopicFacts, TopicSettings } from "../kafka-facts.ts";
import { setTopicSetting } from "./topic-commands.ts";

const MIN_INSYNC = "min.insync.replicas";
const UNCLEAN = "unclean.leader.election.enable";

interface Replicated {
  readonly topic: string;
  /** The fewest of any partition. */
  readonly replicas: number;
  readonly inSync: number;
  readonly needed: number;
}

function ofEach(judge: (topic: Replicated, settings: DoctorSettings) => Verdict) {
  return (
    facts: { readonly topics: readonly TopicFacts[]; readonly topicSettings: readonly TopicSettings[] },
    settings: DoctorSettings,
  ) =>
    facts.topics.map(({ topic, partitions }) => {
      const values = facts.topicSettings.find((each) => each.topic === topic)?.values;
      if (partitions.length === 0 || !values) return skipped(`${topic} is not there, or is hidden`);
      const replicas = Math.min(...partitions.map((each) => each.replicas));
      const inSync = Math.min(...partitions.map((each) => each.inSync));
      return judge({ topic, replicas, inSync, needed: Number(values.get(MIN_INSYNC) ?? 1) }, settings);
    });
}

export const replicationFactor = kafkaCheck("replication factor", ["topics"], ({ topics }) =>
  topics.map(({ topic, partitions }) => {
    if (partitions.length === 0) return skipped(`${topic} is not there, or is hidden`);
    const replicas = Math.min(...partitions.map((each) => each.replicas));
    if (replicas >= 3) return ok(`${topic}: ${replicas}`);
    return warning(
      replicas === 1
        ? `${topic}: 1, so a disk that is lost takes acked events with it`
        : `${topic}: ${replicas}, so with one broker down no second copy is left`,
      {
        note: "3, with kafka-reassign-partitions.sh; for topics that the relay makes, set RELAY_TOPIC_REPLICATION=3",
      },
    );
  }),
);

/** Leaves room for one broker to be down. */
const sensible = (replicas: number) => Math.max(1, Math.min(2, replicas - 1));

export const minInsyncReplicas = kafkaCheck(
  MIN_INSYNC,
  ["topics", "topicSettings"],
  ofEach(({ topic, replicas, needed }, settings) => {
    const found = `${topic}: ${needed} of ${replicas}`;
    const repair = { commands: setTopicSetting(settings, topic, MIN_INSYNC, sensible(replicas)) };
    if (needed > replicas) return failed(`${found}: no event can ever be acked`, repair);
    if (needed === replicas && replicas > 1)
      return warning(`${found}: with one broker down nothing is acked`, repair);
    if (needed === 1 && replicas >= 3)
      return warning(`${found}: what a single broker has is acked, and lost with it`, repair);
    return ok(found);
  }),
);

export const acksPossible = kafkaCheck(
  "in-sync replicas",
  ["topics", "topicSettings"],
  ofEach(({ topic, replicas, inSync, needed }) => {
    const found = `${topic}: ${inSync} of ${replicas} in sync, ${needed} needed for an ack`;
    if (needed > replicas) return skipped(`${found}: see ${MIN_INSYNC}`);
    if (inSync < needed)
      return failed(found, { note: "start the brokers that hold the replicas that are behind" });
    if (inSync < replicas) return warning(found, { note: "see which broker is down or slow" });
    return ok(found);
  }),
);

export const uncleanElection = kafkaCheck(
  "unclean leader election",
  ["topicSettings"],
  ({ topicSettings }, settings) =>
    topicSettings.map(({ topic, values }) =>
      values.get(UNCLEAN) === "true"
        ? warning(
            `${topic}: on, so a replica without all acked events may become the leader, and they are lost`,
            {
              commands: setTopicSetting(settings, topic, UNCLEAN, "false"),
            },
          )
        : ok(`${topic}: off`),
    ),
);
