import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { postgresProgram } from "../../deploy/local/postgres-programs.mjs";
import { runProgram } from "../../deploy/local/run-program.ts";
import type { Statement } from "../../services/api/infrastructure/postgres/statement-batch.ts";

export interface Transactions {
  readonly databaseUrl: string;
  /** Of one transaction, with the values of each. */
  readonly statements: readonly Statement[];
  /** Values that no two transactions may share: UUIDs. */
  readonly unique: ReadonlySet<string | null>;
  /** Statement after statement between `begin` and `commit`, or all in one round trip. */
  readonly pipelined: boolean;
  readonly connections: number;
  readonly perConnection: number;
  /** Another one for each run on the same database. */
  readonly run: number;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Transactions per second of Postgres' own `pgbench`, with prepared statements. */
export async function transactionsPerSecond(options: Transactions): Promise<number> {
  const pgbench = postgresProgram("pgbench");
  const variables = new Map([["n", String(options.run * 1_000_000)]]);
  const file = join(options.folder, "transaction.sql");
  await writeFile(file, toScript(options, variables));
  const { stdout } = await runProgram(
    pgbench,
    [
      "--no-vacuum",
      "--protocol=prepared",
      `--client=${options.connections}`,
      `--transactions=${options.perConnection}`,
      `--file=${file}`,
      ...Array.from(variables, ([name, value]) => `--define=${name}=${value}`),
      options.databaseUrl,
    ],
    { signal: options.signal },
  );
  const tps = Number(/^tps = (\S+) \(without initial connection time\)$/m.exec(stdout)?.[1]);
  if (!(tps > 0)) throw new Error(`pgbench failed:\n${stdout}`);
  return tps;
}

/** The values become variables, so that they reach the server as parameters, as they do from the API. */
function toScript(
  { statements, unique, pipelined }: Pick<Transactions, "statements" | "unique" | "pipelined">,
  variables: Map<string, string>,
): string {
  const lines = statements.map(({ text, values }, index) => {
    const sql = text.replaceAll(/\$(\d+)/g, (_, parameter: string) => {
      const value = values[Number(parameter) - 1] ?? null;
      if (unique.has(value)) return "lpad(to_hex(:unique::bigint), 32, '0')::uuid";
      if (value === null) return "null";
      const name = `v${index}_${parameter}`;
      variables.set(name, value);
      return `:${name}`;
    });
    return `${sql.replaceAll(/\s+/g, " ")};`;
  });
  return [
    "\\set n :n + 1",
    "\\set unique :n * 1000 + :client_id",
    ...(pipelined ? ["\\startpipeline", ...lines, "\\endpipeline"] : ["begin;", ...lines, "commit;"]),
    "",
  ].join("\n");
}
