import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import kafkajs, { type AclEntry } from "kafkajs";
import { startKafka } from "../../deploy/local/kafka.ts";
import { freePort } from "../../deploy/local/ports.ts";
import type { TestCertificate } from "./certificates.ts";

export type KafkaRight = readonly [
  "topic" | "group",
  name: string,
  ...operations: ("READ" | "WRITE" | "DESCRIBE")[],
];

export interface SecureKafka {
  /** Over TLS, for users who log in with SCRAM-SHA-512. */
  readonly brokers: string;
  /** For tests to look on: may do everything. */
  readonly plainBrokers: string;
  createTopics(topics: readonly string[]): Promise<void>;
  /** Users may do nothing that they were not given. */
  allow(user: string, rights: readonly KafkaRight[]): Promise<void>;
  dispose(): Promise<void>;
}

const { Kafka, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes, logLevel } =
  kafkajs;

/** A broker whose clients log in over TLS, and may do what its access control lists say and no more. */
export async function startSecureKafka(
  certificate: TestCertificate,
  users: Readonly<Record<string, string>>,
): Promise<SecureKafka> {
  const folder = await mkdtemp(join(tmpdir(), "outbox-orders-kafka-"));
  await chmod(folder, 0o711);
  const keystore = join(folder, "keystore.pem");
  await writeFile(keystore, Buffer.concat([certificate.key, certificate.cert]));
  const port = await freePort();
  const listener = "listener.name.secure";
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const server = await startKafka({
    dataDir: join(folder, "data"),
    port: 0,
    log: () => {},
    secureListener: { host: "localhost", port },
    users,
    settings: {
      [`${listener}.ssl.keystore.type`]: "PEM",
      [`${listener}.ssl.keystore.location`]: keystore,
      [`${listener}.sasl.enabled.mechanisms`]: "SCRAM-SHA-512",
      [`${listener}.scram-sha-512.sasl.jaas.config`]: scram,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      // Who comes by the plain listener: the broker itself, and the test.
      "super.users": "User:ANONYMOUS",
    },
  });
  const admin = new Kafka({
    brokers: [server.brokers],
    clientId: "test",
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  return {
    brokers: `localhost:${port}`,
    plainBrokers: server.brokers,
    async createTopics(topics) {
      const wanted = topics.map((topic) => ({ topic, numPartitions: 3 }));
      await admin.createTopics({ topics: wanted, waitForLeaders: true });
    },
    async allow(user, rights) {
      const acl = rights.flatMap(([kind, resourceName, ...operations]) =>
        operations.map(
          (operation): AclEntry => ({
            resourceType: kind === "topic" ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
            resourceName,
            resourcePatternType: ResourcePatternTypes.LITERAL,
            principal: `User:${user}`,
            host: "*",
            operation: AclOperationTypes[operation],
            permissionType: AclPermissionTypes.ALLOW,
          }),
        ),
      );
      await admin.createAcls({ acl });
    },
    async dispose() {
      await admin.disconnect();
      await server.stop("SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
