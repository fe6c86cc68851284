import { setTimeout as sleep } from "node:timers/promises";
import { withAdmin } from "../../support/kafka-client.ts";
import type { ChaosCase } from "../case.ts";
import { finish } from "../finish.ts";
import type { Scene } from "../scene.ts";

/** The broker may take records for a moment longer, which go with the topic. */
const AFTERMATH_MS = 1_000;

const deleteTopic = ({ brokers, topic }: Scene): Promise<void> =>
  withAdmin((admin) => admin.deleteTopics({ topics: [topic] }), { brokers });

/** What was on it is gone; the relay makes it anew, and nothing that is written from then on is missing. */
export const topicDeleted: ChaosCase = {
  name: "topic deleted under a running relay",
  short: false,
  async run(context) {
    const scene = await context.scene();
    const load = scene.load();
    await scene.relay().ready();
    let optional = new Set<string>();
    let recoveryMs = 0;
    for (let round = 0; round < 2; round++) {
      await scene.flowing();
      await sleep(500);
      const from = performance.now();
      await deleteTopic(scene);
      await sleep(AFTERMATH_MS);
      optional = new Set((await scene.ask<{ id: string }>("select id from outbox")).map(({ id }) => id));
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    }
    await sleep(1_000);
    return finish(scene, load, { recoveryMs }, { optional });
  },
};
