import { readFile } from "node:fs/promises";
import type { JSONWebKeySet } from "jose";

/** Where the issuer publishes its public keys. */
export type JwksSource = () => Promise<JSONWebKeySet>;

const TIMEOUT_MS = 3_000;

/** From https://, http:// or file://. Rejects when it cannot be had in time, or is no JSON. */
export function createJwksSource(address: string): JwksSource {
  const url = new URL(address);
  if (url.protocol === "file:") return async () => JSON.parse(await readFile(url, "utf8")) as JSONWebKeySet;
  return async () => {
    const response = await fetch(url, {
      headers: { accept: "application/jwk-set+json, application/json" },
      redirect: "error", // whoever can bend the address of the keys makes tokens
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the key set was answered with status ${response.status}`);
    return (await response.json()) as JSONWebKeySet;
  };
}
