import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../../test/support/eventually.ts";
import { AUDIENCE, startIssuer } from "../../testing/issuer.ts";
import { createJwksSource } from "./jwks-source.ts";
import {
  COOLDOWN_MS,
  createSigningKeys,
  REFRESH_AFTER_MS,
  RETRY_MS,
  STALE_AFTER_MS,
} from "./signing-keys.ts";
import { createTokenAuthentication } from "./token-authentication.ts";

/** An issuer, and who believes it by a clock that the test moves. */
async function setUp({ broken = false } = {}) {
  const issuer = await startIssuer();
  onTestFinished(() => issuer.close());
  if (broken) issuer.breakWith({ status: 500, body: "" });
  let time = 1_000_000;
  const pass = (ms: number) => {
    time += ms;
  };
  const lines: string[] = [];
  const loads: boolean[] = [];
  const keys = createSigningKeys({
    source: createJwksSource(issuer.url),
    log: pino({ level: "info" }, { write: (line: string) => lines.push(JSON.parse(line).msg) }),
    onLoad: (succeeded) => loads.push(succeeded),
    now: () => time,
  });
  const authenticate = createTokenAuthentication({
    findKey: keys.find,
    issuer: issuer.variables.AUTH_ISSUER ?? "",
    audience: AUDIENCE,
    algorithms: ["ES256"],
    clockToleranceSeconds: 0,
  });
  let subject = 0;
  /** Of a new token each time, so that none is known already. */
  const outcome = async (token?: string) => {
    subject += 1;
    const header = `Bearer ${token ?? (await issuer.token({ sub: `s${subject}` }))}`;
    return authenticate(header).then(
      () => "let in",
      (error) => error.code as string,
    );
  };
  await eventually(() => expect(loads).toHaveLength(1));
  return { issuer, keys, outcome, lines, loads, pass };
}

test("the keys are read before the first token comes, and once for many tokens", async () => {
  const { issuer, outcome, keys } = await setUp();
  expect(keys.notReady()).toBeUndefined();
  expect(await Promise.all(Array.from({ length: 20 }, () => outcome()))).toEqual(Array(20).fill("let in"));
  expect(issuer.reads()).toBe(1);
});

test("a key that is not known makes the keys be read again: the issuer may rotate at any time", async () => {
  const { issuer, outcome, pass } = await setUp();
  await issuer.rotate();
  pass(COOLDOWN_MS);
  expect(await Promise.all([outcome(), outcome(), outcome()])).toEqual(["let in", "let in", "let in"]);
  expect(issuer.reads()).toBe(2);
});

test("tokens with made-up keys are refused, and make the keys be read once in a while at the most", async () => {
  const { issuer, outcome, pass } = await setUp();
  pass(COOLDOWN_MS);
  for (let count = 0; count < 20; count++) {
    expect(await outcome(await issuer.token({}, await issuer.newSigner()))).toBe("UNAUTHENTICATED");
  }
  expect(issuer.reads()).toBe(2);
});

test("a key that the issuer has withdrawn is not believed once the keys were read again", async () => {
  const { issuer, outcome, loads, pass } = await setUp();
  const withdrawn = issuer.signer();
  await issuer.rotate();
  pass(REFRESH_AFTER_MS + 1);
  await outcome(await issuer.token({ sub: "any" }, withdrawn)); // has them read beside it
  await eventually(() => expect(loads).toEqual([true, true]));
  expect(await outcome(await issuer.token({}, withdrawn))).toBe("UNAUTHENTICATED");
  expect(await outcome()).toBe("let in");
});

test("without any keys nobody can be told apart: unavailable, not ready, and well again by itself", async () => {
  const { issuer, keys, outcome, lines, loads, pass } = await setUp({ broken: true });
  expect(await outcome()).toBe("UNAVAILABLE");
  expect(keys.notReady()).toContain("status 500");
  expect(issuer.reads()).toBe(1); // the first try was just now
  pass(RETRY_MS);
  expect(await Promise.all([outcome(), outcome()])).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
  expect(issuer.reads()).toBe(2);
  issuer.breakWith(undefined);
  pass(RETRY_MS);
  expect(await outcome()).toBe("let in");
  expect(keys.notReady()).toBeUndefined();
  expect(loads).toEqual([false, false, true]);
  expect(lines).toEqual([
    "the signing keys cannot be had, trying again",
    "the signing keys can be had again",
  ]);
});

test("a service that gets no requests because it is not ready finds the keys all the same", async () => {
  const { issuer, keys, pass } = await setUp({ broken: true });
  issuer.breakWith(undefined);
  pass(RETRY_MS);
  expect(keys.notReady()).toBeDefined();
  await eventually(() => expect(keys.notReady()).toBeUndefined());
});

test.each([
  ["answers with an error", { status: 503, body: "{}" }],
  ["answers with no JSON", { status: 200, body: "<html>" }],
  ["answers with something else", { status: 200, body: '{"keys":"none"}' }],
])("while the issuer %s, the keys that are known go on being good, for an hour", async (_, answer) => {
  const { issuer, keys, outcome, pass } = await setUp();
  issuer.breakWith(answer);
  pass(REFRESH_AFTER_MS + 1);
  expect(await outcome()).toBe("let in");
  pass(STALE_AFTER_MS - REFRESH_AFTER_MS - 1);
  expect(await outcome()).toBe("let in");
  // A key that is not known may be a new one.
  expect(await outcome(await issuer.token({}, await issuer.newSigner()))).toBe("UNAVAILABLE");
  pass(1);
  expect(await outcome()).toBe("UNAVAILABLE");
  expect(keys.notReady()).toBeDefined();
});

test("the address of the keys is not left for another one", async () => {
  const { issuer, outcome, pass } = await setUp({ broken: true });
  const other = await startIssuer();
  onTestFinished(() => other.close());
  issuer.breakWith({ status: 302, body: "", location: other.url });
  pass(RETRY_MS);
  expect(await outcome()).toBe("UNAVAILABLE");
});

test("keys may lie in a file, as they are mounted into a container", async () => {
  const folder = await mkdtemp(join(tmpdir(), "jwks-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const issuer = await startIssuer();
  onTestFinished(() => issuer.close());
  const file = join(folder, "jwks.json");
  await writeFile(file, JSON.stringify({ keys: [issuer.signer().publicJwk] }));
  const source = createJwksSource(pathToFileURL(file).href);
  expect((await source()).keys).toMatchObject([{ kid: issuer.signer().kid }]);
});
