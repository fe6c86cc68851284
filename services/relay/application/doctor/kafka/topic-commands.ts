import type { DoctorSettings } from "../facts.ts";

export const topicCommand = ({ brokers }: DoctorSettings) =>
  `kafka-topics.sh --bootstrap-server ${brokers.join(",")}`;

/** Sets one of the topic's settings, and leaves the others. */
export function setTopicSetting(
  { brokers }: DoctorSettings,
  topic: string,
  name: string,
  value: string | number,
): readonly string[] {
  return [
    `kafka-configs.sh --bootstrap-server ${brokers.join(",")} --alter --entity-type topics --entity-name ${topic} ` +
      `--add-config ${name}=${value}`,
  ];
}
