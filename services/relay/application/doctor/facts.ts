import type { OutboxTableName } from "../../domain/outbox-columns.ts";
import type { KafkaFacts } from "./kafka-facts.ts";
import type { PostgresFacts } from "./postgres-facts.ts";

/** All that is looked at, in groups that are read one by one. */
export type Facts = PostgresFacts & KafkaFacts;

export type FactName = keyof Facts;

/** Port: reads what the servers say of themselves, and changes nothing. @throws FactUnreadable */
export type FactReaders<Of = Facts> = { readonly [Name in keyof Of]: () => Promise<Of[Name]> };

/** `unreachable`: the check of the connection tells of that, and of what is `absent` that of the migrations; `denied`: it is hidden from us. */
export type UnreadableReason = "unreachable" | "absent" | "denied" | "broken";

export class FactUnreadable extends Error {
  readonly reason: UnreadableReason;

  constructor(reason: UnreadableReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FactUnreadable";
    this.reason = reason;
  }
}

/** The relay's configuration, as far as it is held against what is found. */
export interface DoctorSettings {
  readonly relay: string;
  readonly mode: "auto" | "cdc" | "polling";
  readonly slot: string;
  readonly publication: string;
  readonly table: OutboxTableName;
  readonly retentionHours: number;
  readonly brokers: readonly string[];
  /** As the brokers' access control lists name the relay. */
  readonly kafkaPrincipal: string;
  readonly topicPartitions: number;
  readonly topicReplication: number;
  readonly maxEventBytes: number;
  readonly batchBytes: number;
}
