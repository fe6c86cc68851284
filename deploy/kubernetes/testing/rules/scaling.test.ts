import { edit, setVariable, testFinds } from "../plant.ts";
import { scalingFaults } from "./scaling.ts";

testFinds(scalingFaults, [
  [
    "an autoscaled relay",
    edit("HorizontalPodAutoscaler", "orders-api", ({ spec }) => {
      spec.scaleTargetRef.name = "outbox-relay";
    }),
    "outbox-relay is scaled",
  ],
  [
    "replicas that fight with the autoscaler",
    edit("Deployment", "orders-api", ({ spec }) => {
      spec.replicas = 3;
    }),
    "Deployment orders-api: each time that it is applied its replicas are set back",
  ],
  [
    "a relay alone",
    edit("Deployment", "outbox-relay", ({ spec }) => {
      delete spec.replicas;
    }),
    "nobody stands by for outbox-relay",
  ],
  [
    "more projectors than partitions",
    edit("HorizontalPodAutoscaler", "orders-projector", ({ spec }) => {
      spec.maxReplicas = 13;
    }),
    "orders-projector: 13 pods share 12 partitions",
  ],
  [
    "a budget that lets no node be drained",
    edit("PodDisruptionBudget", "outbox-relay", ({ spec }) => {
      spec.maxUnavailable = 0;
    }),
    "outbox-relay: nodes cannot be drained, or all pods may go at once",
  ],
  [
    "a topic of two sizes",
    setVariable("outbox-relay", "RELAY_TOPIC_PARTITIONS", "24"),
    "relay and projector would make a topic with 12 or 24 partitions",
  ],
]);
