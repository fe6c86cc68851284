import type { z } from "zod";
import { ConfigError, loadConfig } from "../services/platform/config.ts";

export interface DatabaseCommand<Shape extends z.ZodRawShape> {
  readonly schema: z.ZodObject<Shape>;
  /** Returns what is to be said of it. */
  work(config: Readonly<z.output<z.ZodObject<Shape>>>): Promise<string>;
  /** What comes before the reason when it fails. */
  readonly failure: string;
  /** What comes behind the faults of the configuration. */
  readonly advice: string;
}

/** Runs it on this process' environment. Returns the exit code: 0; 1 when it fails; 2 for a wrong configuration, with all its faults. */
export async function runDatabaseCommand<Shape extends z.ZodRawShape>(
  command: DatabaseCommand<Shape>,
): Promise<number> {
  try {
    console.log(await command.work(loadConfig(command.schema, process.env)));
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      console.error(`${error.message}${command.advice}`);
      return 2;
    }
    console.error(`${command.failure}: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}
