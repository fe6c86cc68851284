import { type Manifest, ofKind, type Selector, selects, workloads } from "../manifest.ts";

/** Made by hand on the cluster, as deploy/kubernetes/README.md says. */
const madeByHand = ["outbox-authorities"];

/** What names something that is not there. */
export function* referenceFaults(manifests: readonly Manifest[]): Generator<string> {
  const all = workloads(manifests);
  const selectsNothing = (selector: Selector) => !all.some(({ labels }) => selects(selector, labels));
  const exists = (kind: string, name: string) =>
    ofKind(manifests, kind).some(({ metadata }) => metadata.name === name);

  for (const { manifest, name, labels, pod, container } of all) {
    if (manifest.kind === "Deployment" && !selects(manifest.spec.selector, labels))
      yield `Deployment ${name}: its selector does not match its pods`;
    for (const { labelSelector } of pod.topologySpreadConstraints ?? [])
      if (!selects(labelSelector, labels)) yield `${name}: a topologySpreadConstraint is about other pods`;
    if (!exists("ServiceAccount", pod.serviceAccountName))
      yield `${name}: there is no ServiceAccount ${pod.serviceAccountName}`;
    for (const { configMapRef } of container.envFrom)
      if (!exists("ConfigMap", configMapRef.name))
        yield `${name}: there is no ConfigMap ${configMapRef.name}`;
    for (const { configMap } of pod.volumes)
      if (configMap && !exists("ConfigMap", configMap.name) && !madeByHand.includes(configMap.name))
        yield `${name}: there is no ConfigMap ${configMap.name}`;
    const volumes = new Set(pod.volumes.map((volume: { name: string }) => volume.name));
    for (const mount of container.volumeMounts)
      if (!volumes.has(mount.name)) yield `${name}: there is no volume ${mount.name}`;
  }
  for (const { metadata, spec } of ofKind(manifests, "Service"))
    if (selectsNothing({ matchLabels: spec.selector })) yield `Service ${metadata.name} selects no pod`;
  for (const { metadata, spec } of ofKind(manifests, "PodDisruptionBudget"))
    if (selectsNothing(spec.selector)) yield `PodDisruptionBudget ${metadata.name} selects no pod`;
  for (const { metadata, spec } of ofKind(manifests, "NetworkPolicy"))
    if (selectsNothing(spec.podSelector)) yield `NetworkPolicy ${metadata.name} selects no pod`;
  for (const { kind, metadata, spec } of ofKind(manifests, "HorizontalPodAutoscaler", "ScaledObject"))
    if (!exists(spec.scaleTargetRef.kind, spec.scaleTargetRef.name))
      yield `${kind} ${metadata.name}: there is no ${spec.scaleTargetRef.kind} ${spec.scaleTargetRef.name}`;
}
