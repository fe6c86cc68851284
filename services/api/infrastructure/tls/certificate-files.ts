import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { delay } from "../../../platform/delay.ts";
import type { Logger } from "../../../platform/logger.ts";

/** PEM; `cert` is the whole chain, the server's own certificate first. */
export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface CertificateFilesOptions {
  readonly certFile: string;
  readonly keyFile: string;
  readonly log: Logger;
  /** Once at the start with true, and for each change: whether it was taken over. */
  readonly onLoad: (succeeded: boolean, current: X509Certificate) => void;
  readonly intervalMs?: number;
  readonly now?: () => number;
}

export interface CertificateFiles {
  current(): CertificatePair;
  onChange(listener: (pair: CertificatePair) => void): void;
  /** Looks for changes until `signal` aborts. */
  watch(signal: AbortSignal): Promise<void>;
}

/**
 * The files are read again every few seconds, in the place of being told by the file system of changes: that finds a file that was
 * renamed into place, one behind a chain of symbolic links (as Kubernetes swaps secrets) and one on a network file system alike.
 */
const INTERVAL_MS = 2_000;

/** @throws Error that names the files when they are no pair that a client would accept. */
export async function openCertificateFiles(options: CertificateFilesOptions): Promise<CertificateFiles> {
  const { certFile, keyFile, log, onLoad, intervalMs = INTERVAL_MS, now = Date.now } = options;
  const listeners: ((pair: CertificatePair) => void)[] = [];
  let current: Loaded;
  /** Of the last failure, so that the same one is logged once however often it is tried. */
  let reported: string | undefined;

  async function load(known?: Loaded): Promise<Loaded> {
    const pair = { cert: await readFile(certFile), key: await readFile(keyFile) };
    if (known && areEqual(pair, known.pair)) return known;
    return { pair, certificate: assertUsable(pair, now()) };
  }

  try {
    current = await load();
  } catch (cause) {
    throw new Error(`${certFile} and ${keyFile} cannot be used for TLS: ${messageOf(cause)}`, { cause });
  }
  onLoad(true, current.certificate);

  async function takeOverChange(): Promise<void> {
    try {
      const loaded = await load(current);
      reported = undefined;
      if (loaded === current) return;
      current = loaded;
    } catch (err) {
      if (reported === messageOf(err)) return;
      reported = messageOf(err);
      log.error({ err, certFile, keyFile }, "the new certificate cannot be used: going on with the old one");
      onLoad(false, current.certificate);
      return;
    }
    for (const listener of listeners) listener(current.pair);
    log.info({ certFile, expires: current.certificate.validToDate }, "the certificate has changed");
    onLoad(true, current.certificate);
  }

  return {
    current: () => current.pair,
    onChange: (listener) => void listeners.push(listener),
    async watch(signal) {
      while (!signal.aborted) {
        await delay(intervalMs, signal);
        if (!signal.aborted) await takeOverChange();
      }
    },
  };
}

interface Loaded {
  readonly pair: CertificatePair;
  readonly certificate: X509Certificate;
}

/** @throws Error when they are no PEM, do not belong together, or are not valid now. */
function assertUsable({ cert, key }: CertificatePair, now: number): X509Certificate {
  const certificate = new X509Certificate(cert);
  createSecureContext({ cert, key });
  if (certificate.validToDate.getTime() <= now) throw new Error(`expired ${certificate.validTo}`);
  if (certificate.validFromDate.getTime() > now) throw new Error(`not valid before ${certificate.validFrom}`);
  return certificate;
}

function areEqual(one: CertificatePair, other: CertificatePair): boolean {
  return one.cert.equals(other.cert) && one.key.equals(other.key);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
