import { isAscii } from "node:buffer";
import { ABSENT, findHeaders, NULL, REPEATED } from "../../../platform/kafka/record-headers.ts";
import { UnreadableRecord } from "../../application/unreadable-record.ts";
import { timeOf } from "./time-of.ts";

/** What the headers say: CloudEvents 1.0 in binary mode, with the aggregate's version as an extension attribute. */
export interface EventAttributes {
  readonly id: string;
  readonly type: string;
  /** Decimal, without leading zeros. */
  readonly aggregateVersion: string;
  /** In ms since the epoch; undefined when there is no `ce_time`, which CloudEvents allows. */
  readonly time: number | undefined;
  readonly subject: string | undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const VERSION = /^[1-9]\d{0,18}$/;
const MAX_VERSION = String(2n ** 63n - 1n);

const names = [
  "ce_specversion",
  "ce_source",
  "content-type",
  "ce_time",
  "ce_id",
  "ce_type",
  "ce_aggregateversion",
  "ce_subject",
] as const;
type Name = (typeof names)[number];
const nameBytes = names.map((name) => Buffer.from(name));
const indexes = Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;

/**
 * Reads the attributes (Kafka protocol binding, section 3.2:
 * https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md).
 * @throws UnreadableRecord that names the attribute which is missing or wrong.
 */
export function readAttributes(headers: Buffer): EventAttributes {
  const positions = findHeaders(headers, nameBytes);
  // Once for all of them: a call into Node's own code takes longer than all else that is done with an attribute.
  const ascii = isAscii(headers) ? headers.toString("latin1") : undefined;
  const optional = (name: Name): string | undefined => {
    const index = indexes[name];
    const start = positions[2 * index] as number;
    if (start === ABSENT || start === NULL) return undefined;
    if (start === REPEATED) throw invalid(name, "occurs more than once");
    const end = positions[2 * index + 1];
    return ascii === undefined ? headers.toString("utf8", start, end) : ascii.slice(start, end);
  };
  const required = (name: Name): string => {
    const text = optional(name);
    if (text === undefined) throw invalid(name, "is missing");
    return text;
  };

  if (required("ce_specversion") !== "1.0") throw invalid("ce_specversion", 'must be "1.0"');
  if (required("ce_source") === "") throw invalid("ce_source", "must not be empty");
  const contentType = optional("content-type");
  if (contentType !== undefined && !isJson(contentType)) {
    throw invalid("content-type", "must be application/json");
  }
  const timeText = optional("ce_time");
  const time = timeText === undefined ? undefined : timeOf(timeText);
  if (Number.isNaN(time)) throw invalid("ce_time", "must be a time as in RFC 3339");
  const id = required("ce_id");
  if (!UUID.test(id)) throw invalid("ce_id", "must be a UUID");
  const type = required("ce_type");
  if (type === "") throw invalid("ce_type", "must not be empty");
  const aggregateVersion = required("ce_aggregateversion");
  if (!isVersion(aggregateVersion)) {
    throw invalid("ce_aggregateversion", "must be a whole number from 1 to 2^63 - 1");
  }
  return { id: id.toLowerCase(), type, aggregateVersion, time, subject: optional("ce_subject") };
}

function isJson(contentType: string): boolean {
  return contentType === "application/json" || /^application\/json\s*(;|$)/i.test(contentType);
}

function isVersion(text: string): boolean {
  return VERSION.test(text) && (text.length < MAX_VERSION.length || text <= MAX_VERSION);
}

function invalid(name: Name, rule: string): UnreadableRecord {
  return new UnreadableRecord("invalid_attribute", `header ${name} ${rule}`);
}
