import type { Operations } from "./application/operations/operations.ts";
import type { CliConfig } from "./config.ts";
import { createCheckpointDesk } from "./infrastructure/postgres/checkpoint-desk.ts";
import { createControlDesk } from "./infrastructure/postgres/control-desk.ts";
import { createDeadLetterDesk } from "./infrastructure/postgres/dead-letter-desk.ts";
import { createHistoryDesk } from "./infrastructure/postgres/history-desk.ts";
import { openOperatorConnection } from "./infrastructure/postgres/operator-connection.ts";
import { createSlotDesk } from "./infrastructure/postgres/slot-desk.ts";

/** Builds what the CLI needs; nothing is connected to before it is needed. */
export function createOperations(config: CliConfig): Operations {
  const { DATABASE_URL, RELAY_NAME: relay, RELAY_PUBLICATION: publication, RELAY_TABLE: table } = config;
  const connection = openOperatorConnection(DATABASE_URL, relay);
  return {
    deadLetters: createDeadLetterDesk(connection, relay),
    checkpoint: createCheckpointDesk(connection, relay),
    slot: createSlotDesk(connection, relay, { publication, table }),
    control: createControlDesk(connection, relay),
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
