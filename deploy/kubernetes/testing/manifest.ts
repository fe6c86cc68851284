/** What the tests look at of an object of Kubernetes. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own; kubernetes-validate knows their schemas
  spec?: any;
  readonly data?: Readonly<Record<string, string>>;
}

type Labels = Readonly<Record<string, string>>;

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** A container of the pods of a Deployment or a Job; it is called as they are, followed by its own name where there are several. */
export interface Workload {
  readonly manifest: Manifest;
  readonly name: string;
  readonly labels: Labels;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly pod: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly container: any;
}

export function ofKind(manifests: readonly Manifest[], ...kinds: readonly string[]): Manifest[] {
  return manifests.filter(({ kind }) => kinds.includes(kind));
}

export function workloads(manifests: readonly Manifest[]): Workload[] {
  return ofKind(manifests, "Deployment", "Job").flatMap((manifest) => {
    const { metadata, spec: pod } = manifest.spec.template;
    const containers = [...(pod.initContainers ?? []), ...pod.containers];
    const nameOf = (container: { name: string }) =>
      containers.length === 1 ? manifest.metadata.name : `${manifest.metadata.name}/${container.name}`;
    return containers.map((container) => ({
      manifest,
      name: nameOf(container),
      labels: metadata.labels,
      pod,
      container,
    }));
  });
}

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== "In") throw new Error(`the tests know no operator ${operator}`);
      return values.includes(labels[key] ?? "");
    })
  );
}

/** The variables that the container is started with, from its ConfigMaps. */
export function environmentOf(
  manifests: readonly Manifest[],
  { container }: Workload,
): Record<string, string> {
  const maps = (container.envFrom ?? []).map(
    (source: { configMapRef: { name: string } }) =>
      ofKind(manifests, "ConfigMap").find(({ metadata }) => metadata.name === source.configMapRef.name)?.data,
  );
  return Object.assign({}, ...maps);
}
