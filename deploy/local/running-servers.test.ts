import { expect, test } from "vitest";
import { createRunningServers, type RunningServer } from "./running-servers.ts";

/** A server that notes when it is stopped, and ends by itself when told to. */
function scripted(name: string, stopped: string[], fault?: string) {
  const { promise: exited, resolve: end } = Promise.withResolvers<string>();
  const server: RunningServer = {
    name,
    exited,
    async stop() {
      stopped.push(name);
      if (fault) throw new Error(fault);
      end("exit code 0");
    },
  };
  return { server, end };
}

test("they stop one after the other, the last one first, and an orderly stop is no loss", async () => {
  const stopped: string[] = [];
  const lost: string[] = [];
  const servers = createRunningServers((server) => lost.push(server.name));
  for (const name of ["Postgres", "Kafka", "api"]) servers.add(scripted(name, stopped).server);
  expect(servers.count).toBe(3);
  expect(await servers.stop()).toEqual([]);
  expect(stopped).toEqual(["api", "Kafka", "Postgres"]);
  expect(lost).toEqual([]);
});

test("one that fails to stop is reported, and the others are stopped all the same", async () => {
  const stopped: string[] = [];
  const servers = createRunningServers(() => {});
  servers.add(scripted("Postgres", stopped).server);
  servers.add(scripted("relay", stopped, "relay did not stop in order (SIGKILL)").server);
  expect(await servers.stop()).toEqual(["relay did not stop in order (SIGKILL)"]);
  expect(stopped).toEqual(["relay", "Postgres"]);
});

test("one that ends by itself is a loss, told with how, and is not stopped again", async () => {
  const stopped: string[] = [];
  const { promise: loss, resolve } = Promise.withResolvers<string>();
  const servers = createRunningServers((server, how) => resolve(`${server.name}: ${how}`));
  const kafka = scripted("Kafka", stopped);
  servers.add(scripted("Postgres", stopped).server);
  servers.add(kafka.server);
  kafka.end("SIGKILL");
  expect(await loss).toBe("Kafka: SIGKILL");
  await servers.stop();
  expect(stopped).toEqual(["Postgres"]);
});
