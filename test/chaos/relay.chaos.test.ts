import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { nothingWrong } from "../../services/relay/testing/outbox-check.ts";
import { testServers } from "../support/servers.ts";
import { allCases } from "./all-cases.ts";
import { runCase } from "./run-case.ts";

/** The short form of `npm run chaos`; CHAOS_SEED repeats the points at which the faults fall. */
const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
/** A machine that runs other tests at the same time is given this many times the limit. */
const PATIENCE = 4;

const shortCases = allCases.filter(({ short }) => short);

test.each(shortCases)(
  "nothing is lost, repeated, out of order or changed: $name",
  {
    timeout: 200_000,
  },
  async (chaosCase) => {
    const { databaseUrl, kafkaBrokers, databasePrefix } = testServers();
    const report = await runCase(chaosCase, {
      short: true,
      seed,
      postgresUrl: databaseUrl,
      brokers: kafkaBrokers,
      prefix: databasePrefix,
      log: () => {},
    });
    const told = [`seed ${seed}`, ...report.faults, ...report.logs].join("\n");
    expect(report.faults, told).toEqual([]);
    const { committed = 0, parked = [], ...numbers } = report.check ?? {};
    expect({ ...numbers, parked: [] }, told).toEqual(nothingWrong);
    expect(committed, told).toBeGreaterThan(100);
    expect(parked.length, told).toBe(chaosCase.name.startsWith("poison") ? 2 : 0);
    if (report.recoveryMs !== undefined && report.recoveryLimitMs !== undefined)
      expect(report.recoveryMs, told).toBeLessThan(report.recoveryLimitMs * PATIENCE);
  },
);
