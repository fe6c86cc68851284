import { copyFile, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  makeCertificate,
  type TestCertificate,
  temporaryFolder,
} from "../../../../test/support/certificates.ts";
import { eventually } from "../../../../test/support/eventually.ts";
import { type CertificateFilesOptions, openCertificateFiles } from "./certificate-files.ts";

const DAY_MS = 86_400_000;

async function open(
  files: Pick<CertificateFilesOptions, "certFile" | "keyFile">,
  more: Partial<CertificateFilesOptions> = {},
) {
  const lines: string[] = [];
  const onLoad = vi.fn();
  const certificate = await openCertificateFiles({
    ...files,
    log: pino({}, { write: (line: string) => lines.push(JSON.parse(line).msg) }),
    onLoad,
    intervalMs: 5,
    ...more,
  });
  const changes: Buffer[] = [];
  certificate.onChange(({ cert }) => changes.push(cert));
  const watching = new AbortController();
  const watched = certificate.watch(watching.signal);
  onTestFinished(async () => {
    watching.abort();
    await watched;
  });
  return { certificate, changes, lines, onLoad };
}

/** In the place of the other, as a careful tool does it. */
async function replace({ certFile, keyFile }: TestCertificate, by: TestCertificate): Promise<void> {
  for (const [from, to] of [
    [by.certFile, certFile],
    [by.keyFile, keyFile],
  ] as const) {
    await copyFile(from, `${to}.new`);
    await rename(`${to}.new`, to);
  }
}

const untilNextLooks = () => new Promise((resolve) => setTimeout(resolve, 50));

test("a pair that was renamed into place is taken over, once", async () => {
  const folder = await temporaryFolder();
  const first = await makeCertificate(folder, "first");
  const second = await makeCertificate(folder, "second");
  const { certificate, changes, onLoad } = await open(first);
  expect(certificate.current().cert).toEqual(first.cert);
  await replace(first, second);
  await eventually(() => expect(changes).toEqual([second.cert]));
  expect(certificate.current()).toEqual({ cert: second.cert, key: second.key });
  await untilNextLooks();
  expect(changes).toHaveLength(1);
  expect(onLoad.mock.calls[0]?.[0]).toBe(true);
  expect(onLoad.mock.lastCall?.[1].fingerprint256).toBe(second.fingerprint);
});

test("a secret that Kubernetes swaps by its symbolic link is taken over", async () => {
  const folder = await temporaryFolder();
  const first = await makeCertificate(folder, "first");
  const second = await makeCertificate(folder, "second");
  for (const [version, { certFile, keyFile }] of Object.entries({ "..1": first, "..2": second })) {
    await mkdir(join(folder, version));
    await copyFile(certFile, join(folder, version, "tls.crt"));
    await copyFile(keyFile, join(folder, version, "tls.key"));
  }
  const mounted = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  await symlink("..1", join(folder, "..data"));
  await symlink("..data/tls.crt", mounted.certFile);
  await symlink("..data/tls.key", mounted.keyFile);
  const { changes } = await open(mounted);
  await symlink("..2", join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  await eventually(() => expect(changes).toEqual([second.cert]));
});

test.each<[string, (files: TestCertificate, other: TestCertificate) => Promise<void>]>([
  ["a key of another certificate", ({ keyFile }, other) => copyFile(other.keyFile, keyFile)],
  ["half of a file", ({ certFile, cert }) => writeFile(certFile, cert.subarray(0, 200))],
  ["an empty file", ({ keyFile }) => writeFile(keyFile, "")],
  ["a file that is gone", ({ certFile }) => rm(certFile)],
])("%s is refused, told once, and the old pair stays; a good one is taken after it", async (_, spoil) => {
  const folder = await temporaryFolder();
  const first = await makeCertificate(folder, "first");
  const second = await makeCertificate(folder, "second");
  const { certificate, changes, lines, onLoad } = await open(first);
  await spoil(first, second);
  await eventually(() => expect(lines).toHaveLength(1));
  await untilNextLooks();
  expect(lines).toEqual(["the new certificate cannot be used: going on with the old one"]);
  expect(onLoad.mock.lastCall).toEqual([
    false,
    expect.objectContaining({ fingerprint256: first.fingerprint }),
  ]);
  expect(changes).toEqual([]);
  expect(certificate.current()).toEqual({ cert: first.cert, key: first.key });
  await replace(first, second);
  await eventually(() => expect(changes).toEqual([second.cert]));
});

test("a certificate that is not valid yet is taken as soon as it is", async () => {
  const folder = await temporaryFolder();
  const first = await makeCertificate(folder, "first");
  const second = await makeCertificate(folder, "second");
  let time = Date.now();
  const { changes, lines } = await open(first, { now: () => time });
  time -= DAY_MS;
  await replace(first, second);
  await eventually(() => expect(lines.length).toBeGreaterThan(0));
  expect(changes).toEqual([]);
  time += DAY_MS + 1_000;
  await eventually(() => expect(changes).toEqual([second.cert]));
});

test("a service does not start with a pair that no client would accept, and the files are named", async () => {
  const folder = await temporaryFolder();
  const { certFile, keyFile } = await makeCertificate(folder, "first");
  const other = await makeCertificate(folder, "other");
  await expect(open({ certFile, keyFile: other.keyFile })).rejects.toThrow(
    `${certFile} and ${other.keyFile}`,
  );
  await expect(open({ certFile: join(folder, "none"), keyFile })).rejects.toThrow("ENOENT");
  await expect(open({ certFile: keyFile, keyFile })).rejects.toThrow("cannot be used for TLS");
  const later = Date.now() + 11 * DAY_MS;
  await expect(open({ certFile, keyFile }, { now: () => later })).rejects.toThrow("expired");
});
