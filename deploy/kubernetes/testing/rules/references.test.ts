import { edit, editPod, testFinds } from "../plant.ts";
import { referenceFaults } from "./references.ts";

testFinds(referenceFaults, [
  [
    "a Deployment whose selector is about other pods",
    edit("Deployment", "outbox-relay", ({ spec }) => {
      spec.selector.matchLabels["app.kubernetes.io/name"] = "relay";
    }),
    "Deployment outbox-relay: its selector does not match its pods",
  ],
  [
    "a constraint that spreads other pods",
    editPod("outbox-relay", (pod) => {
      pod.topologySpreadConstraints[0].labelSelector.matchLabels = { app: "relay" };
    }),
    "outbox-relay: a topologySpreadConstraint is about other pods",
  ],
  [
    "a ServiceAccount that is not there",
    editPod("orders-api", (pod) => {
      pod.serviceAccountName = "api";
    }),
    "orders-api: there is no ServiceAccount api",
  ],
  [
    "a ConfigMap that is not there",
    editPod("orders-api", (_, container) => {
      container.envFrom.push({ configMapRef: { name: "more" } });
    }),
    "orders-api: there is no ConfigMap more",
  ],
  [
    "a volume of a ConfigMap that is not there",
    editPod("orders-api", (pod) => {
      pod.volumes.push({ name: "more", configMap: { name: "more" } });
    }),
    "orders-api: there is no ConfigMap more",
  ],
  [
    "a mount of nothing",
    editPod("orders-migration/migration", (_, container) => {
      container.volumeMounts[0].name = "more";
    }),
    "orders-migration/migration: there is no volume more",
  ],
  [
    "a Service without pods",
    edit("Service", "orders-api-grpc", ({ spec }) => {
      spec.selector = { "app.kubernetes.io/name": "api" };
    }),
    "Service orders-api-grpc selects no pod",
  ],
  [
    "a budget without pods",
    edit("PodDisruptionBudget", "outbox-relay", ({ spec }) => {
      spec.selector.matchLabels = { app: "relay" };
    }),
    "PodDisruptionBudget outbox-relay selects no pod",
  ],
  [
    "a NetworkPolicy without pods",
    edit("NetworkPolicy", "outbox-relay-to-kafka", ({ spec }) => {
      spec.podSelector.matchLabels = { app: "relay" };
    }),
    "NetworkPolicy outbox-relay-to-kafka selects no pod",
  ],
  [
    "an autoscaler of nothing",
    edit("HorizontalPodAutoscaler", "orders-api", ({ spec }) => {
      spec.scaleTargetRef.name = "api";
    }),
    "HorizontalPodAutoscaler orders-api: there is no Deployment api",
  ],
]);
