import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { type MetricObject, type OpenMetricsContentType, Registry } from "prom-client";

const OPEN_METRICS = "application/openmetrics-text";

/**
 * A registry's metrics in OpenMetrics, which alone has exemplars, for who asks for it, as Prometheus does; in the text format 0.0.4
 * for all others, such as `promtool check metrics`.
 */
export async function metricsResponse(c: Context, registry: Registry): Promise<Response> {
  const type = accepts(c, {
    header: "Accept",
    supports: [OPEN_METRICS, "text/plain"],
    default: "text/plain",
  });
  const asked = type === OPEN_METRICS ? openMetrics(registry) : registry;
  return c.body(await asked.metrics(), 200, { "content-type": asked.contentType, vary: "Accept" });
}

/** prom-client would take `_total` from the names of the registry's own counters, and leave it so for the other format. */
function openMetrics(registry: Registry) {
  const view = new Registry<OpenMetricsContentType>();
  view.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  // What a registry has is the metrics themselves, whatever the type says.
  for (const metric of registry.getMetricsAsArray() as unknown as RegisteredMetric[])
    view.registerMetric((metric.type === "counter" ? withoutSuffix(metric) : metric) as never);
  return view;
}

interface RegisteredMetric {
  readonly name: string;
  readonly type: string;
  get(): Promise<MetricObject>;
}

function withoutSuffix(counter: RegisteredMetric): RegisteredMetric {
  const name = counter.name.replace(/_total$/, "");
  return { name, type: counter.type, get: async () => ({ ...(await counter.get()), name }) };
}
