import type { IHeaders } from "kafkajs";
import { headersByName } from "../../../platform/kafka/record-headers.ts";
import type { DeadLetter } from "../../application/dead-letter-topic.ts";

/** The text comes from parsers and may quote the record. */
const MAX_MESSAGE_CHARACTERS = 500;

/**
 * The record's own headers as they were, and where it lay, who refused it and why. Headers of these names from an earlier life
 * as a dead letter are replaced. kafkajs cannot write a header whose value is null (it throws): such a header becomes
 * empty, and `dlq_null_headers` names it.
 */
export function deadLetterHeaders(
  { record, reason, message }: DeadLetter,
  group: string,
  failedAt: Date,
): IHeaders {
  const headers: IHeaders = {};
  const nulls: string[] = [];
  for (const [name, value] of Object.entries(headersByName(record.headers))) {
    const values = [value].flat();
    if (values.includes(null)) nulls.push(name);
    const written = values.map((each) => each ?? "");
    headers[name] = Array.isArray(value) ? written : (written[0] as Buffer | string);
  }
  Object.assign(headers, {
    dlq_topic: record.topic,
    dlq_partition: String(record.partition),
    dlq_offset: record.offset,
    dlq_timestamp: record.timestamp,
    dlq_group: group,
    dlq_error_class: reason,
    dlq_error_message: message.slice(0, MAX_MESSAGE_CHARACTERS),
    dlq_failed_at: failedAt.toISOString(),
  });
  if (nulls.length > 0) headers.dlq_null_headers = nulls.join(",");
  return headers;
}
