import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../deploy/local/ports.ts";
import { eventually } from "../../support/eventually.ts";
import { createRequestScanner, type RequestScanner } from "../../support/kafka-requests.ts";
import type { ProxiedConnection, TcpProxy } from "../../support/tcp-proxy.ts";
import type { CaseOutcome, ChaosCase, ChaosContext } from "../case.ts";
import { finish } from "../finish.ts";
import type { Scene } from "../scene.ts";

interface ProxiedKafka {
  readonly scene: Scene;
  readonly proxy: TcpProxy;
  /** The answers to this many produce requests are lost from now on. */
  loseAnswers(count: number): void;
  readonly answersToLose: number;
}

/** The broker tells clients to come by the proxy; the checker comes by it as well, when it is open again. */
async function proxiedKafka(context: ChaosContext): Promise<ProxiedKafka> {
  const port = await freePort();
  const scanners = new WeakMap<ProxiedConnection, RequestScanner>();
  let answersToLose = 0;
  const proxy = await context.proxy({
    host: "127.0.0.1",
    port,
    onSent(bytes, connection) {
      const scanner = scanners.get(connection) ?? createRequestScanner();
      scanners.set(connection, scanner);
      if (!scanner.endsProduce(bytes) || answersToLose === 0) return;
      answersToLose -= 1;
      connection.loseAnswer();
    },
  });
  const advertised = `127.0.0.1:${proxy.port}`;
  await context.ownKafka({ "advertised.listeners": `PLAINTEXT://${advertised}` }, port);
  return {
    scene: await context.scene({ brokers: advertised }),
    proxy,
    loseAnswers(count) {
      answersToLose = count;
    },
    get answersToLose() {
      return answersToLose;
    },
  };
}

async function loseProduceAnswers(
  context: ChaosContext,
  rounds: number,
  settings: Readonly<Record<string, string>>,
): Promise<CaseOutcome> {
  const kafka = await proxiedKafka(context);
  const { scene } = kafka;
  const load = scene.load({ rowsPerSecond: 500 });
  await scene.relay(settings).ready();
  let recoveryMs = 0;
  for (let round = 0; round < rounds; round++) {
    await sleep(context.random.between(0, 500));
    const from = performance.now();
    kafka.loseAnswers(context.random.between(1, 3));
    await eventually(() => {
      if (kafka.answersToLose > 0) throw new Error("no produce request came by");
    });
    recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
  }
  return finish(scene, load, { recoveryMs });
}

export const answerLost: ChaosCase = {
  name: "response of a produce lost",
  short: true,
  run: (context) => loseProduceAnswers(context, context.short ? 3 : 20, {}),
};

export const answerLostPolling: ChaosCase = {
  name: "response of a produce lost, polling",
  short: false,
  run: (context) => loseProduceAnswers(context, 10, { RELAY_MODE: "polling" }),
};

/** The relay is killed when its batch is on the broker, and the answer is on its way. */
export const answerLostAndKilled: ChaosCase = {
  name: "response of a produce lost, the relay killed",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const kafka = await proxiedKafka(context);
    const { scene } = kafka;
    const load = scene.load({ rowsPerSecond: 500 });
    let relay = scene.relay();
    await relay.ready();
    let recoveryMs = 0;
    for (let round = 0; round < 12; round++) {
      await scene.flowing();
      kafka.loseAnswers(1);
      await eventually(() => {
        if (kafka.answersToLose > 0) throw new Error("no produce request came by");
      });
      await relay.kill();
      const from = performance.now();
      relay = scene.relay({ RELAY_MODE: context.random.pick(["auto", "polling"]) });
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from));
    }
    return finish(scene, load, { recoveryMs });
  },
};

export const kafkaNetwork: ChaosCase = {
  name: "Kafka behind a bad network: cut, stalled, slow, half-closed",
  short: false,
  timeoutMs: 300_000,
  async run(context) {
    const { scene, proxy } = await proxiedKafka(context);
    const load = scene.load({ rowsPerSecond: 500 });
    await scene.relay().ready();
    const faults: readonly [() => void, ...(() => void)[]] = [
      () => proxy.cut(),
      () => proxy.stall(),
      () => proxy.stall("toClient"),
      () => proxy.stall("toServer"),
      () => proxy.delay(context.random.between(10, 400)),
      () => proxy.halfClose("toClient"),
      () => proxy.halfClose("toServer"),
    ];
    let recoveryMs = 0;
    for (let round = 0; round < 21; round++) {
      faults[round % faults.length]?.();
      await sleep(context.random.between(100, 4_000));
      proxy.restore();
      const from = performance.now();
      recoveryMs = Math.max(recoveryMs, await scene.flowing(from, 90_000));
    }
    return finish(scene, load, { recoveryMs });
  },
};
