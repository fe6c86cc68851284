import type { Operations } from "./application/operations/operations.ts";
import type { CliConfig } from "./config.ts";
import { createCheckpointDesk } from "./infrastructure/postgres/checkpoint-desk.ts";
import { createDeadLetterDesk } from "./infrastructure/postgres/dead-letter-desk.ts";
import { createHistoryDesk } from "./infrastructure/postgres/history-desk.ts";
import { openOperatorConnection } from "./infrastructure/postgres/operator-connection.ts";

/** Builds what the CLI needs; nothing is connected to before it is needed. */
export function createOperations({ DATABASE_URL, RELAY_NAME: relay }: CliConfig): Operations {
  const connection = openOperatorConnection(DATABASE_URL, relay);
  return {
    deadLetters: createDeadLetterDesk(connection, relay),
    checkpoint: createCheckpointDesk(connection, relay),
    history: createHistoryDesk(connection, relay),
    async relays() {
      const rows = await connection.query<{ relay: string }>(
        "select relay from relay_checkpoint order by relay",
        [],
      );
      return rows.map(({ relay: name }) => name);
    },
    close: () => connection.close(),
  };
}
