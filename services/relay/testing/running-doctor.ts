import pg from "pg";
import type { KafkaSecurity } from "../../platform/kafka/kafka-security.ts";
import { checks } from "../application/doctor/checks.ts";
import { examine } from "../application/doctor/examine.ts";
import type { DoctorSettings } from "../application/doctor/facts.ts";
import type { Finding, Repair } from "../application/doctor/finding.ts";
import { createKafkaFacts } from "../infrastructure/kafka/doctor/kafka-facts.ts";
import { createPostgresFacts } from "../infrastructure/postgres/doctor/postgres-facts.ts";
import { doctorSettings } from "./doctor-facts.ts";

/** Asks a real Postgres, or a real Kafka, what the checks of it want to know. */
export async function examineServers(options: {
  readonly area: Finding["area"];
  readonly databaseUrl?: string;
  readonly brokers?: readonly string[];
  readonly security?: KafkaSecurity;
  readonly topics?: readonly string[];
  readonly settings?: Partial<DoctorSettings>;
}): Promise<Finding[]> {
  const {
    area,
    databaseUrl = "postgres://127.0.0.1:1/none",
    brokers = ["127.0.0.1:1"],
    security = {},
    topics = [],
  } = options;
  const settings = { ...doctorSettings, brokers, ...options.settings };
  const { relay, slot, publication, table } = settings;
  const postgres = createPostgresFacts({ databaseUrl, relay, slot, publication, table });
  const kafka = createKafkaFacts({
    brokers,
    security,
    topics,
    partitions: settings.topicPartitions,
    replicationFactor: settings.topicReplication,
  });
  try {
    return await Array.fromAsync(
      examine({
        checks: checks.filter((check) => check.area === area),
        readers: { ...postgres.readers(), ...kafka },
        settings,
        timeoutMs: 20_000,
      }),
    );
  } finally {
    await postgres.close();
  }
}

/** Without what other tests do to the servers that they share. */
export function problemsIn(findings: readonly Finding[]): Finding[] {
  const shared = ["max_slot_wal_keep_size", "open transactions", "prepared transactions"];
  return findings.filter(({ status, check }) => status !== "ok" && !shared.includes(check));
}

/** What the check found; of several the one that is worst. */
export function worstOf(findings: readonly Finding[], check: string): Finding {
  const found = findings.filter((each) => each.check === check);
  const [worst] = ["failed", "warning", "skipped", "ok"].flatMap((status) =>
    found.filter((each) => each.status === status),
  );
  if (!worst) throw new Error(`no check ${check} has found anything`);
  return worst;
}

export function repairOf(finding: Finding): Repair {
  const repair = "repair" in finding ? finding.repair : undefined;
  if (!repair) throw new Error(`${finding.check} is ${finding.status}, without a repair: ${finding.found}`);
  return repair;
}

/** Runs the statements of the repair as they are printed, each on its own as psql would. */
export async function runSql(databaseUrl: string, { sql = [] }: Repair): Promise<void> {
  if (sql.length === 0) throw new Error("the repair has no SQL");
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const statement of sql) await client.query(statement);
  } finally {
    await client.end();
  }
}
