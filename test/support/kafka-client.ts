import kafkajs from "kafkajs";
import { testServers } from "./servers.ts";

/** Of the run's broker, unless others are named: host:port,… */
export function kafkaClient(brokers = testServers().kafkaBrokers): kafkajs.Kafka {
  return new kafkajs.Kafka({
    brokers: brokers.split(","),
    clientId: "test",
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

/** Runs the work on a connection of its own. */
export async function withAdmin<T>(
  work: (admin: kafkajs.Admin) => Promise<T>,
  { brokers, ...config }: kafkajs.AdminConfig & { readonly brokers?: string | undefined } = {},
): Promise<T> {
  const admin = kafkaClient(brokers).admin(config);
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
