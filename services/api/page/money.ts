/** Between amounts as people write them and minor units. */

function decimals(currency: string): number {
  const { maximumFractionDigits } = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
  }).resolvedOptions();
  return maximumFractionDigits ?? 2;
}

/** Exact, whatever the number of digits. @throws Error that tells what is wrong */
export function toMinor(text: string, currency: string): bigint {
  const [, whole, fraction = ""] = /^(\d+)(?:[.,](\d+))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) throw new Error(`"${text}" is not an amount, as 19.90`);
  const digits = decimals(currency);
  if (fraction.length > digits) throw new Error(`${currency} has ${digits} decimals: "${text}" has more`);
  return BigInt(whole + fraction.padEnd(digits, "0"));
}

export function formatMinor(minor: bigint, currency: string): string {
  const digits = decimals(currency);
  const text = minor.toString().padStart(digits + 1, "0");
  const amount = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return `${amount} ${currency}`;
}
