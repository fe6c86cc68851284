import type { ConsumedRecord } from "../../application/consumed-record.ts";
import { UnreadableRecord } from "../../application/unreadable-record.ts";

/** What the headers say: CloudEvents 1.0 in binary mode, with the aggregate's version as an extension attribute. */
export interface EventAttributes {
  readonly id: string;
  readonly type: string;
  readonly aggregateVersion: bigint;
  /** In ms since the epoch; undefined when there is no `ce_time`, which CloudEvents allows. */
  readonly time: number | undefined;
  readonly subject: string | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** RFC 3339, section 5.6; `Date` alone takes much else for a time. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
const VERSION = /^[1-9]\d{0,18}$/;
const MAX_VERSION = 2n ** 63n - 1n;

/**
 * Reads the attributes (Kafka protocol binding, section 3.2:
 * https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md).
 * @throws UnreadableRecord that names the attribute which is missing or wrong.
 */
export function readAttributes(headers: ConsumedRecord["headers"]): EventAttributes {
  expectText(headers, "ce_specversion", (text) => text === "1.0", 'must be "1.0"');
  expectText(headers, "ce_source", (text) => text !== "", "must not be empty");
  const contentType = optional(headers, "content-type");
  if (contentType !== undefined && !/^application\/json\s*(;|$)/i.test(contentType)) {
    throw invalid("content-type", "must be application/json");
  }
  const time = optional(headers, "ce_time");
  const milliseconds = time === undefined ? undefined : Date.parse(time);
  if (time !== undefined && (!RFC_3339.test(time) || Number.isNaN(milliseconds))) {
    throw invalid("ce_time", "must be a time as in RFC 3339");
  }
  return {
    id: expectText(headers, "ce_id", (text) => UUID.test(text), "must be a UUID").toLowerCase(),
    type: expectText(headers, "ce_type", (text) => text !== "", "must not be empty"),
    aggregateVersion: BigInt(
      expectText(
        headers,
        "ce_aggregateversion",
        (text) => VERSION.test(text) && BigInt(text) <= MAX_VERSION,
        "must be a whole number from 1 to 2^63 - 1",
      ),
    ),
    time: milliseconds,
    subject: optional(headers, "ce_subject"),
  };
}

function expectText(
  headers: ConsumedRecord["headers"],
  name: string,
  holds: (text: string) => boolean,
  rule: string,
): string {
  const text = optional(headers, name);
  if (text === undefined) throw invalid(name, "is missing");
  if (!holds(text)) throw invalid(name, rule);
  return text;
}

function optional(headers: ConsumedRecord["headers"], name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) throw invalid(name, "occurs more than once");
  return typeof value === "string" ? value : value.toString("utf8");
}

function invalid(name: string, rule: string): UnreadableRecord {
  return new UnreadableRecord("invalid_attribute", `header ${name} ${rule}`);
}
