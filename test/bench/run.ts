import { parseArgs } from "node:util";
import { openKafka, openPostgres } from "../support/own-servers.ts";
import { benchRelay } from "./relay.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "200000" },
    rate: { type: "string", default: "1000" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const log = (line: string) => process.stderr.write(`${line}\n`);
const callOff = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => callOff.abort());
await using servers = new AsyncDisposableStack();
const postgres = await openPostgres({
  track_commit_timestamp: "on",
  autovacuum: "off",
  max_wal_size: "8GB",
  checkpoint_timeout: "1h",
  max_slot_wal_keep_size: "-1",
});
servers.defer(() => postgres.dispose());
const kafka = await openKafka({ "log.message.timestamp.type": "LogAppendTime" });
servers.defer(() => kafka.dispose());
const context = {
  postgres,
  kafka,
  events: Number(values.events),
  rate: Number(values.rate),
  rounds: Number(values.rounds),
  log,
  signal: callOff.signal,
};
console.log(await benchRelay(context, positionals.includes("polling") ? ["polling"] : ["kafkajs"]));
