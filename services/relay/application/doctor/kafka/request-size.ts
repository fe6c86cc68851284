import { bytes } from "../../sizes.ts";
import { kafkaCheck } from "../check.ts";
import { failed, ok } from "../finding.ts";

const SETTING = "socket.request.max.bytes";
/** What a request has besides its largest event: headers, names, the envelope. */
const ENVELOPE_BYTES = 1_000_000;

export const requestSize = kafkaCheck(SETTING, ["brokerSettings"], ({ brokerSettings }, settings) => {
  const limits = brokerSettings.map(({ values }) => Number(values.get(SETTING) ?? Number.POSITIVE_INFINITY));
  const limit = Math.min(...limits);
  const { maxEventBytes, batchBytes } = settings;
  const [name, largest] =
    maxEventBytes >= batchBytes
      ? ["RELAY_MAX_EVENT_BYTES", maxEventBytes]
      : ["RELAY_BATCH_BYTES", batchBytes];
  const found = `${bytes(limit)}, ${name} ${bytes(largest)}`;
  if (largest + ENVELOPE_BYTES <= limit) return ok(found);
  return failed(`${found}: a broker hangs up on a larger request, and the relay would send it for ever`, {
    note: `set ${name}=${Math.max(1_000, Math.floor(limit / 2))}, or raise ${SETTING} on every broker`,
  });
});
