import { type Manifest, ofKind, workloads } from "../manifest.ts";

/** What the pods may not be, and must have. */
export function* podFaults(manifests: readonly Manifest[]): Generator<string> {
  const images = new Set<string>();
  for (const { manifest, name, pod, container } of workloads(manifests)) {
    images.add(container.image);
    if (pod.automountServiceAccountToken !== false) yield `${name} is given a token`;
    if (pod.enableServiceLinks !== false) yield `${name}: Services would set variables`;
    const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext ?? {};
    if (!runAsNonRoot || !(runAsUser > 10_000)) yield `${name} may run as somebody`;
    if (seccompProfile?.type !== "RuntimeDefault") yield `${name}: every system call is allowed`;
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } =
      container.securityContext ?? {};
    if (allowPrivilegeEscalation !== false) yield `${name} may get privileges`;
    if (readOnlyRootFilesystem !== true) yield `${name}: its file system can be written`;
    if (capabilities?.drop?.join() !== "ALL") yield `${name} has capabilities`;
    const { requests = {}, limits = {} } = container.resources ?? {};
    for (const resource of ["cpu", "memory", "ephemeral-storage"])
      if (requests[resource] === undefined) yield `${name} does not say how much ${resource} it needs`;
    for (const resource of ["memory", "ephemeral-storage"])
      if (limits[resource] === undefined) yield `${name} may take any ${resource}`;
    if (limits.cpu !== undefined) yield `${name} is stopped in the middle of its work by a limit of CPU`;
    if (manifest.kind !== "Deployment") continue;
    for (const probe of ["startupProbe", "livenessProbe"])
      if (container[probe]?.httpGet?.path !== "/livez")
        yield `${name}: ${probe} asks for more than the process`;
    const { httpGet, grpc } = container.readinessProbe ?? {};
    if (httpGet?.path !== "/readyz" && grpc === undefined) yield `${name} never tells whether it is ready`;
  }
  if (images.size !== 1) yield `there are several images: ${[...images].join(", ")}`;
  for (const image of images)
    if (!/[:@]/.test(image) || image.endsWith(":latest")) yield `${image} may be any version`;
  for (const { kind, metadata } of ofKind(manifests, "Secret"))
    yield `${kind} ${metadata.name} is in the files`;
  for (const { metadata, data = {} } of ofKind(manifests, "ConfigMap"))
    for (const [name, value] of Object.entries(data))
      if (/^(DATABASE_URL|REDIS_URL)$|_(PASSWORD|HEADERS)$/.test(name) || /:\/\/[^/\s]*:[^/\s]*@/.test(value))
        yield `ConfigMap ${metadata.name.replace(/-\w{10}$/, "")}: ${name} is a secret`;
  const [namespace] = ofKind(manifests, "Namespace");
  if (namespace?.metadata.labels?.["pod-security.kubernetes.io/enforce"] !== "restricted")
    yield "the namespace lets pods do more than they need";
  for (const { kind, metadata } of manifests)
    if (kind !== "Namespace" && metadata.namespace !== namespace?.metadata.name)
      yield `${kind} ${metadata.name} is in another namespace`;
  const denied = ofKind(manifests, "NetworkPolicy").some(
    ({ spec }) =>
      Object.keys(spec.podSelector).length === 0 &&
      spec.policyTypes.length === 2 &&
      !spec.ingress &&
      !spec.egress,
  );
  if (!denied) yield "what no NetworkPolicy speaks of is allowed";
}
