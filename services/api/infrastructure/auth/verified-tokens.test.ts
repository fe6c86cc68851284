import { expect, test, vi } from "vitest";
import { createVerifiedTokens, KEEP_MS, type VerifiedToken } from "./verified-tokens.ts";

function setUp({ expiresAt = Number.POSITIVE_INFINITY, maxTokens = 3 } = {}) {
  let time = 0;
  const pass = (ms: number) => {
    time += ms;
  };
  const verify = vi.fn(async (token: string): Promise<VerifiedToken> => {
    if (token.startsWith("bad")) throw new Error("not valid");
    return { principal: { caller: { id: token, customerId: undefined }, scopes: new Set() }, expiresAt };
  });
  const principalOf = createVerifiedTokens({ verify, now: () => time, maxTokens });
  return { verify, principalOf, pass };
}

test("a token is verified once in a while, and each has its own caller", async () => {
  const { verify, principalOf, pass } = setUp();
  for (const token of ["one", "two", "one", "two"]) {
    expect((await principalOf(token)).caller.id).toBe(token);
  }
  expect(verify).toHaveBeenCalledTimes(2);
  pass(KEEP_MS - 1);
  await principalOf("one");
  expect(verify).toHaveBeenCalledTimes(2);
  pass(1);
  await principalOf("one");
  expect(verify).toHaveBeenCalledTimes(3);
});

test("no token is good for longer than it says", async () => {
  const { verify, principalOf, pass } = setUp({ expiresAt: 10 });
  await principalOf("one");
  pass(9);
  await principalOf("one");
  expect(verify).toHaveBeenCalledTimes(1);
  pass(1);
  await principalOf("one");
  expect(verify).toHaveBeenCalledTimes(2);
});

test("what is not valid is never remembered", async () => {
  const { verify, principalOf } = setUp();
  for (let count = 0; count < 3; count++) await expect(principalOf("bad")).rejects.toThrow("not valid");
  expect(verify).toHaveBeenCalledTimes(3);
});

test("only so many are kept, and the oldest makes room", async () => {
  const { verify, principalOf } = setUp({ maxTokens: 3 });
  for (const token of ["1", "2", "3", "4"]) await principalOf(token);
  for (const token of ["2", "3", "4"]) await principalOf(token);
  expect(verify).toHaveBeenCalledTimes(4);
  await principalOf("1");
  expect(verify).toHaveBeenCalledTimes(5);
});
