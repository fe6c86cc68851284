import { defineConfig } from "vitest/config";
import { createTallyReporter } from "./test/setup/tally-reporter.ts";

const folders = "{services,test,sql,deploy}";
const needServers = ["pg", "kafka", "redis", "e2e", "chaos"].map((tier) => `${folders}/**/*.${tier}.test.ts`);

export default defineConfig({
  test: {
    maxWorkers: 2,
    taskTitleValueFormatTruncate: 200,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // kafkajs arms timers with negative delays, and Node would warn in each test file.
    execArgv: ["--disable-warning=TimeoutNegativeWarning"],
    reporters: ["default", createTallyReporter(process.env.TEST_TALLY_FILE)],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [`${folders}/**/*.test.ts`],
          exclude: ["**/node_modules/**", ...needServers],
        },
      },
      {
        extends: true,
        test: { name: "servers", include: needServers, globalSetup: "test/setup/servers.ts" },
      },
    ],
  },
});
