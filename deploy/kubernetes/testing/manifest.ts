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

/** A Deployment or a Job, and the pod that it makes. */
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
  return ofKind(manifests, "Deployment", "Job").map((manifest) => {
    const { metadata, spec } = manifest.spec.template;
    return {
      manifest,
      name: manifest.metadata.name,
      labels: metadata.labels,
      pod: spec,
      container: spec.containers[0],
    };
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
