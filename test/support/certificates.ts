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

/** A folder that goes with the test, or with the file when that is said. */
export async function temporaryFolder(
  whenOver: (release: () => Promise<void>) => void = onTestFinished,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tls-"));
  whenOver(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A certificate of localhost and 127.0.0.1 unless other names are given, valid for ten days from now on. */
export async function makeCertificate(
  folder: string,
  name: string,
  names = "DNS:localhost,IP:127.0.0.1",
): Promise<TestCertificate> {
  const certFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  const flags = `req -x509 -days 10 ${key} -subj /CN=test -addext subjectAltName=${names}`.split(" ");
  await run("openssl", [...flags, "-keyout", keyFile, "-out", certFile]);
  const cert = await readFile(certFile);
  const { fingerprint256: fingerprint } = new X509Certificate(cert);
  return { certFile, keyFile, cert, key: await readFile(keyFile), fingerprint };
}
