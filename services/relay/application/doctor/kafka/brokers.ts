import { kafkaCheck } from "../check.ts";
import { failed, ok, warning } from "../finding.ts";
import { plural } from "../quantities.ts";

export const brokers = kafkaCheck("brokers", ["brokers"], ({ brokers: { addresses } }) => {
  const reached = addresses.filter(({ failure }) => failure === undefined);
  const bootstrap = addresses.filter(({ isBootstrap }) => isBootstrap);
  const isReached = bootstrap.some((each) => reached.includes(each));
  const verdicts = addresses.flatMap(({ address, isBootstrap, failure }) => {
    if (failure === undefined) return [];
    const what = `${address}: ${failure}`;
    if (!isBootstrap) {
      return failed(`${what}; the cluster sends clients to this address`, {
        note: "start that broker, or correct its advertised.listeners to an address that can be reached from here",
      });
    }
    const repair = { note: "start that broker, or correct KAFKA_BROKERS" };
    return isReached ? warning(`${what}; another of KAFKA_BROKERS answers`, repair) : failed(what, repair);
  });
  return verdicts.length > 0
    ? verdicts
    : ok(`${plural(reached.length, "address")} answer: ${reached.map(({ address }) => address).join(", ")}`);
});
