/** Some order over REST; resolves with its id once it is committed. @throws Error when it is refused. */
export async function placeOrder(
  restUrl: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const response = await fetch(`${restUrl}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({
      customerId: "c-1",
      pickupPointId: "p-7",
      currency: "EUR",
      lines: [{ sku: "book", quantity: "1", unitPriceMinor: "1990" }],
    }),
  });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  return id;
}
