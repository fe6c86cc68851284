import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const run = promisify(execFile);

export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM; it is its own authority. */
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly fingerprint: string;
}

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A certificate of localhost and 127.0.0.1, valid for ten days from now on. */
export async function makeCertificate(folder: string, name: string): Promise<TestCertificate> {
  const certFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  const names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
  const flags = `req -x509 -days 10 ${key} ${names}`.split(" ");
  await run("openssl", [...flags, "-keyout", keyFile, "-out", certFile]);
  const cert = await readFile(certFile);
  const { fingerprint256: fingerprint } = new X509Certificate(cert);
  return { certFile, keyFile, cert, key: await readFile(keyFile), fingerprint };
}
