import kafkajs from "kafkajs";
import { createTopic, uniqueTopic } from "../../support/kafka.ts";
import { withAdmin } from "../../support/kafka-client.ts";
import type { ChaosCase } from "../case.ts";
import { finish } from "../finish.ts";
import type { Scene } from "../scene.ts";
import { lettersAre } from "./poison.ts";

const PADDING = 60_000;

async function setMaxMessageBytes({ brokers, topic }: Scene, bytes: number): Promise<void> {
  const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
  await withAdmin(
    (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      }),
    { brokers },
  );
}

/** The broker refuses it, among many that it takes; once the topic takes larger ones, the key goes on where it stopped. */
export const oversize: ChaosCase = {
  name: "oversize: refused by the broker, then retried",
  short: false,
  async run(context) {
    const topic = uniqueTopic("chaos-oversize");
    const scene = await context.scene({ topic });
    await createTopic({ topic, partitions: 6, brokers: scene.brokers });
    await setMaxMessageBytes(scene, 50_000);
    // Batches of the load alone stay below the limit, so that only the large row is refused.
    const load = scene.load({ rowsPerSecond: 200 });
    await scene.relay().ready();
    await scene.flowing();
    for (let i = 0; i < 3; i++) await scene.ask("select chaos_write('large-' || $1, $2)", [i, PADDING]);
    for (let i = 0; i < 3; i++) await scene.ask("select chaos_write('large-' || $1)", [i]);
    await lettersAre(scene, ({ refused, waiting }) => refused === 3 && waiting === 3);
    const recoveryMs = await scene.flowing();
    await setMaxMessageBytes(scene, 1_000_000);
    await scene.ask("update outbox_dead_letter set request = 'retry' where reason is not null");
    await lettersAre(scene, ({ refused, waiting }) => refused + waiting === 0);
    return finish(scene, load, { recoveryMs });
  },
};
