import type { ConnectionOptions } from "@platformatic/kafka";
import type { KafkaSecurity, SaslMechanism } from "../../../platform/kafka/kafka-security.ts";

const saslMechanisms = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const satisfies Record<SaslMechanism, string>;

/** The same in the words of @platformatic/kafka. */
export function platformaticSecurity({
  tls,
  sasl,
}: KafkaSecurity): Pick<ConnectionOptions, "tls" | "tlsServerName" | "sasl"> {
  return {
    // Without that no server name would be sent, and a broker that shares its address could not be found.
    ...(tls ? { tls: { ...tls }, tlsServerName: true } : {}),
    ...(sasl ? { sasl: { ...sasl, mechanism: saslMechanisms[sasl.mechanism] } } : {}),
  };
}
