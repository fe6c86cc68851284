import type { HistoryDesk } from "../../application/operations/history-desk.ts";
import type { OperatorConnection } from "./operator-connection.ts";

interface HistoryRow {
  readonly at: Date;
  readonly epoch: string | null;
  readonly leader: string | null;
  readonly from_mode: string | null;
  readonly to_mode: string | null;
  readonly reason: string;
  readonly who: string | null;
  readonly command: string | null;
  readonly arguments: Readonly<Record<string, unknown>> | null;
}

export function createHistoryDesk(connection: Pick<OperatorConnection, "query">, relay: string): HistoryDesk {
  return {
    async recent(limit) {
      const rows = await connection.query<HistoryRow>(
        `select at, epoch, leader, from_mode, to_mode, reason, who, command, arguments from relay_history
          where relay = $1 order by at desc, id desc limit $2`,
        [relay, limit],
      );
      return rows.map(({ at, epoch, leader, from_mode, to_mode, reason, ...deed }) => ({
        at,
        epoch: epoch ?? undefined,
        leader: leader ?? undefined,
        fromMode: from_mode ?? undefined,
        toMode: to_mode ?? undefined,
        reason,
        who: deed.who ?? undefined,
        command: deed.command ?? undefined,
        arguments: deed.arguments ?? undefined,
      }));
    },
  };
}
