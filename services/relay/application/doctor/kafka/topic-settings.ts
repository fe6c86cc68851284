import { bytes } from "../../sizes.ts";
import { kafkaCheck } from "../check.ts";
import type { DoctorSettings } from "../facts.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import type { TopicSettings } from "../kafka-facts.ts";
import { duration } from "../quantities.ts";
import { setTopicSetting } from "./topic-commands.ts";

type Judge = (
  topic: { readonly topic: string; text(name: string): string; number(name: string): number | undefined },
  settings: DoctorSettings,
) => Verdict;

function check(name: string, judge: Judge) {
  return kafkaCheck(name, ["topicSettings"], ({ topicSettings }, settings) =>
    topicSettings.map(({ topic, values }: TopicSettings) => {
      const text = (setting: string) => values.get(setting) ?? "";
      const number = (setting: string) => (values.has(setting) ? Number(values.get(setting)) : undefined);
      return judge({ topic, text, number }, settings);
    }),
  );
}

export const cleanupPolicy = check("cleanup.policy", ({ topic, text }, settings) => {
  const policy = text("cleanup.policy");
  if (!policy.includes("compact")) return ok(`${topic}: ${policy || "none"}`);
  return failed(`${topic}: ${policy}, which drops all but the last event of a key`, {
    commands: setTopicSetting(settings, topic, "cleanup.policy", "delete"),
  });
});

const DAY_MS = 86_400_000;

export const retention = check("retention", ({ topic, number }, settings) => {
  const [ms = -1, size = -1] = [number("retention.ms"), number("retention.bytes")];
  const found = `${topic}: ${ms < 0 ? "for ever" : duration(ms)}${size < 0 ? "" : `, ${bytes(size)} a partition`}`;
  if (ms < 0 || ms >= DAY_MS) return ok(found);
  return warning(
    `${found}: consumers that are down for longer miss events; a relay that is cannot see what it had published`,
    { commands: setTopicSetting(settings, topic, "retention.ms", 7 * DAY_MS) },
  );
});

/** A batch is sent again for up to an hour, with the time at which it was made. */
const OLDEST_RECORD_MS = 3_600_000;
/** What clocks may differ by. */
const CLOCKS_MS = 60_000;

export const timestamps = check("message.timestamp.type", ({ topic, text, number }, settings) => {
  const type = text("message.timestamp.type");
  if (type !== "CreateTime") return ok(`${topic}: ${type}, the brokers' clock`);
  for (const [name, least] of [
    ["message.timestamp.before.max.ms", OLDEST_RECORD_MS],
    ["message.timestamp.after.max.ms", CLOCKS_MS],
  ] as const) {
    const limit = number(name);
    if (limit === undefined || limit >= least) continue;
    return warning(
      `${topic}: ${name} is ${duration(limit)}: an event that is sent late, or by another clock, becomes a dead letter`,
      {
        commands: setTopicSetting(settings, topic, name, OLDEST_RECORD_MS),
      },
    );
  }
  return ok(`${topic}: ${type}, the relay's clock`);
});

const MAX_MESSAGE = "max.message.bytes";
/** With less, ordinary events are refused. */
const FEWEST_MESSAGE_BYTES = 16_384;
/** Kafka's own default. */
const USUAL_MESSAGE_BYTES = 1_048_588;

export const messageSize = check(MAX_MESSAGE, ({ topic, number }, settings) => {
  const limit = number(MAX_MESSAGE) ?? USUAL_MESSAGE_BYTES;
  const { batchBytes, maxEventBytes } = settings;
  const found = `${topic}: ${bytes(limit)}`;
  const enough = Math.max(USUAL_MESSAGE_BYTES, Math.ceil(batchBytes * 1.1));
  const repair = { commands: setTopicSetting(settings, topic, MAX_MESSAGE, enough) };
  if (limit < FEWEST_MESSAGE_BYTES) return failed(`${found}: ordinary events become dead letters`, repair);
  if (limit < batchBytes) {
    return warning(
      `${found}, RELAY_BATCH_BYTES ${bytes(batchBytes)}: full batches are refused, halved, and sent again`,
      {
        ...repair,
        note: `or set RELAY_BATCH_BYTES=${Math.floor(limit * 0.9)}`,
      },
    );
  }
  return ok(limit < maxEventBytes ? `${found}; a larger event becomes a dead letter` : found);
});
