import { expect, test } from "vitest";
import { createCircuit } from "./circuit.ts";

function createScene() {
  const scene = { now: 0, waits: [100, 200, 400], asked: 0, log: [] as string[] };
  const circuit = createCircuit({
    timeoutMs: 10_000,
    backoff: {
      next: () => scene.waits.shift() ?? 400,
      reset() {
        scene.waits = [100, 200, 400];
      },
    },
    now: () => scene.now,
    isAnswer: (error) => error === "an answer",
    onOpen: (error) => scene.log.push(`open: ${error}`),
    onClose: () => scene.log.push("close"),
  });
  const ask = (answer: () => Promise<string>) =>
    circuit
      .run(() => {
        scene.asked += 1;
        return answer();
      })
      .catch((error: unknown) => (error instanceof Error ? error.constructor.name : String(error)));
  return { scene, ask };
}
const works = () => Promise.resolve("works");
const fails = () => Promise.reject("fails");

test("after one failure nobody asks for a while, then a single one tries, and its answer lets all ask again", async () => {
  const { scene, ask } = createScene();
  expect(await ask(fails)).toBe("fails");
  expect([await ask(works), await ask(works)]).toEqual(["CircuitOpen", "CircuitOpen"]);
  expect(scene.asked).toBe(1);
  scene.now = 100;
  const trial = Promise.withResolvers<string>();
  const tried = ask(() => trial.promise);
  expect(await ask(works)).toBe("CircuitOpen");
  trial.resolve("works");
  expect(await tried).toBe("works");
  expect(await ask(works)).toBe("works");
  expect(scene.log).toEqual(["open: fails", "close"]);
});

test("each trial that fails makes the wait longer, and is no news", async () => {
  const { scene, ask } = createScene();
  await ask(fails);
  scene.now = 100;
  expect(await ask(fails)).toBe("fails");
  scene.now = 299;
  expect(await ask(works)).toBe("CircuitOpen");
  scene.now = 300;
  expect(await ask(fails)).toBe("fails");
  scene.now = 699;
  expect(await ask(works)).toBe("CircuitOpen");
  expect(scene.log).toEqual(["open: fails"]);
});

test("of many that fail at once only the first counts", async () => {
  const { scene, ask } = createScene();
  await Promise.all([ask(fails), ask(fails), ask(fails)]);
  scene.now = 100;
  expect(await ask(works)).toBe("works");
});

test("an answer that refuses one command says nothing of the whole", async () => {
  const { scene, ask } = createScene();
  expect(await ask(() => Promise.reject("an answer"))).toBe("an answer");
  expect(await ask(works)).toBe("works");
  await ask(fails);
  scene.now = 100;
  await ask(() => Promise.reject("an answer"));
  expect(await ask(works)).toBe("works");
  expect(scene.log).toEqual(["open: fails", "close"]);
});
