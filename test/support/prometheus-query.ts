export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What an expression answers now. Throws with Prometheus' own words when it is wrong. */
export async function query(prometheusUrl: string, expr: string): Promise<Sample[]> {
  const { result } = await get<{
    resultType: string;
    result: { metric: Record<string, string>; value: [number, string] }[];
  }>(prometheusUrl, `query?${new URLSearchParams({ query: expr })}`);
  return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
}

/** The values that a label has on the series of a metric. */
export function labelValues(prometheusUrl: string, label: string, metric: string): Promise<string[]> {
  return get(prometheusUrl, `label/${label}/values?${new URLSearchParams({ "match[]": metric })}`);
}

async function get<T>(prometheusUrl: string, path: string): Promise<T> {
  const response = await fetch(`${prometheusUrl}/api/v1/${path}`);
  const answer = (await response.json()) as { status: string; data: T; error?: string };
  if (answer.status !== "success") throw new Error(answer.error);
  return answer.data;
}
