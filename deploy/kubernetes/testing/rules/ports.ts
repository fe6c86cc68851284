import { environmentOf, type Manifest, ofKind, selects, type Workload, workloads } from "../manifest.ts";

interface Port {
  readonly name: string;
  readonly containerPort: number;
}

/** By variable, the port that the container is to tell of. */
const portVariables = { ops: "OPS_PORT", http: "API_PORT", grpc: "API_GRPC_PORT" } as const;

/** Ports that nobody listens on, and connections that no NetworkPolicy lets out. */
export function* portFaults(manifests: readonly Manifest[]): Generator<string> {
  const all = workloads(manifests);
  for (const workload of all) {
    yield* ownPorts(manifests, workload);
    yield* connections(manifests, workload);
  }
  const selected = (labels: Readonly<Record<string, string>>) =>
    all.filter((workload) => selects({ matchLabels: labels }, workload.labels));
  for (const { metadata, spec } of ofKind(manifests, "Service"))
    for (const { targetPort } of spec.ports)
      for (const workload of selected(spec.selector))
        if (!hasPort(workload, targetPort))
          yield `Service ${metadata.name}: ${workload.name} has no port ${targetPort}`;
  for (const { metadata, spec } of ofKind(manifests, "NetworkPolicy"))
    for (const { ports = [] } of spec.ingress ?? [])
      for (const { port } of ports)
        if (!all.some((each) => selects(spec.podSelector, each.labels) && hasPort(each, port)))
          yield `NetworkPolicy ${metadata.name}: no pod that it selects has a port ${port}`;
  yield* scraping(manifests, all);
}

/** A pod that is not ready has to be scraped as well: a Service leaves it out unless it is told not to. */
function* scraping(manifests: readonly Manifest[], all: readonly Workload[]): Generator<string> {
  for (const { metadata, spec } of ofKind(manifests, "ServiceMonitor"))
    for (const { port } of spec.endpoints)
      for (const workload of all.filter(({ manifest }) => manifest.kind === "Deployment")) {
        const services = ofKind(manifests, "Service").filter(
          (service) =>
            selects(spec.selector, service.metadata.labels ?? {}) &&
            selects({ matchLabels: service.spec.selector }, workload.labels) &&
            service.spec.ports.some(({ name }: { name: string }) => name === port),
        );
        if (services.length !== 1)
          yield `ServiceMonitor ${metadata.name}: ${workload.name} is scraped at ${port} through ${services.length} Services`;
        for (const service of services.filter((each) => !each.spec.publishNotReadyAddresses))
          yield `Service ${service.metadata.name}: a pod that is not ready would not be scraped`;
      }
}

function hasPort({ container }: Workload, port: string | number): boolean {
  return (container.ports ?? []).some((each: Port) => each.name === port || each.containerPort === port);
}

function* ownPorts(manifests: readonly Manifest[], workload: Workload): Generator<string> {
  const { name, container } = workload;
  const environment = environmentOf(manifests, workload);
  for (const { name: port, containerPort } of (container.ports ?? []) as Port[]) {
    const variable = portVariables[port as keyof typeof portVariables];
    if (environment[variable] !== `${containerPort}`)
      yield `${name}: port ${port} is ${containerPort}, and ${variable} is ${environment[variable]}`;
  }
  for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
    const asked = container[probe]?.httpGet?.port ?? container[probe]?.grpc?.port;
    if (asked !== undefined && !hasPort(workload, asked)) yield `${name}: ${probe} asks port ${asked}`;
  }
}

/** Of the addresses that the ConfigMaps have; those in Secrets cannot be seen. */
function* connections(manifests: readonly Manifest[], workload: Workload): Generator<string> {
  const allowed = ofKind(manifests, "NetworkPolicy")
    .filter(({ spec }) => selects(spec.podSelector, workload.labels))
    .flatMap(({ spec }) => (spec.egress ?? []) as { ports: { port: number }[] }[])
    .flatMap(({ ports }) => ports.map(({ port }) => port));
  const { KAFKA_BROKERS, AUTH_JWKS_URL, OTEL_EXPORTER_OTLP_ENDPOINT } = environmentOf(manifests, workload);
  const addresses = [
    ...(KAFKA_BROKERS?.split(",") ?? []).map((broker) => `kafka://${broker}`),
    ...[AUTH_JWKS_URL, OTEL_EXPORTER_OTLP_ENDPOINT].filter((url) => url !== undefined),
  ];
  for (const address of addresses) {
    const { port, protocol } = new URL(address);
    const wanted = port === "" ? { "https:": 443, "http:": 80 }[protocol] : Number(port);
    if (!allowed.includes(wanted as number))
      yield `${workload.name}: no NetworkPolicy lets it out to ${address}`;
  }
}
