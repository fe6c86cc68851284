import { environmentOf, type Manifest, ofKind, workloads } from "../manifest.ts";

/** How many pods there may be, and how many have to stay. */
export function* scalingFaults(manifests: readonly Manifest[]): Generator<string> {
  const scaled = new Map(
    ofKind(manifests, "HorizontalPodAutoscaler", "ScaledObject").map(({ spec }) => [
      spec.scaleTargetRef.name as string,
      (spec.maxReplicas ?? spec.maxReplicaCount) as number,
    ]),
  );
  const budgets = ofKind(manifests, "PodDisruptionBudget");
  const partitions: string[] = [];
  for (const workload of workloads(manifests)) {
    const { manifest, name, labels } = workload;
    if (manifest.kind !== "Deployment") continue;
    const environment = environmentOf(manifests, workload);
    const { PROJECTOR_TOPIC_PARTITIONS, RELAY_TOPIC_PARTITIONS } = environment;
    const most = scaled.get(name);
    if ((most === undefined) !== (name === "outbox-relay"))
      yield `${name} is ${most === undefined ? "not " : ""}scaled`;
    if (most !== undefined && manifest.spec.replicas !== undefined)
      yield `Deployment ${name}: each time that it is applied its replicas are set back`;
    if (most === undefined && !(manifest.spec.replicas >= 2)) yield `nobody stands by for ${name}`;
    if (PROJECTOR_TOPIC_PARTITIONS !== undefined && (most ?? 0) > Number(PROJECTOR_TOPIC_PARTITIONS))
      yield `${name}: ${most} pods share ${PROJECTOR_TOPIC_PARTITIONS} partitions`;
    partitions.push(
      ...[PROJECTOR_TOPIC_PARTITIONS, RELAY_TOPIC_PARTITIONS].filter((each) => each !== undefined),
    );
    const budget = budgets.find(
      ({ spec }) => spec.selector.matchLabels["app.kubernetes.io/name"] === labels["app.kubernetes.io/name"],
    );
    if (budget?.spec.maxUnavailable !== 1 || budget.spec.unhealthyPodEvictionPolicy !== "AlwaysAllow")
      yield `${name}: nodes cannot be drained, or all pods may go at once`;
  }
  if (new Set(partitions).size !== 1)
    yield `relay and projector would make a topic with ${partitions.join(" or ")} partitions`;
  yield* askedTopic(manifests);
}

/** KEDA has to look where the projector reads. */
function* askedTopic(manifests: readonly Manifest[]): Generator<string> {
  const projector = workloads(manifests).find(({ name }) => name === "orders-projector");
  if (projector === undefined) return;
  const environment = environmentOf(manifests, projector);
  for (const { spec } of ofKind(manifests, "ScaledObject")) {
    const { bootstrapServers, topic, consumerGroup } = spec.triggers[0].metadata;
    const asked = { KAFKA_BROKERS: bootstrapServers, PROJECTOR_TOPIC: topic, PROJECTOR_GROUP: consumerGroup };
    for (const [name, value] of Object.entries(asked))
      if (environment[name] !== value) yield `KEDA asks for ${value}, and ${name} is ${environment[name]}`;
  }
}
