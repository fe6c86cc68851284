import { workloads } from "../manifest.ts";
import { edit, editPod, setVariable, testFinds } from "../plant.ts";
import { podFaults } from "./pods.ts";

testFinds(podFaults, [
  [
    "a token for the cluster's API",
    editPod("outbox-relay", (pod) => {
      delete pod.automountServiceAccountToken;
    }),
    "outbox-relay is given a token",
  ],
  [
    "variables of Services",
    editPod("orders-api", (pod) => {
      delete pod.enableServiceLinks;
    }),
    "orders-api: Services would set variables",
  ],
  [
    "root",
    editPod("orders-api", (pod) => {
      pod.securityContext.runAsUser = 0;
    }),
    "orders-api may run as somebody",
  ],
  [
    "any system call",
    editPod("orders-api", (pod) => {
      delete pod.securityContext.seccompProfile;
    }),
    "orders-api: every system call is allowed",
  ],
  [
    "more privileges",
    editPod("orders-migration/migration", (_, container) => {
      delete container.securityContext.allowPrivilegeEscalation;
    }),
    "orders-migration/migration may get privileges",
  ],
  [
    "a file system that can be written",
    editPod("outbox-relay", (_, container) => {
      container.securityContext.readOnlyRootFilesystem = false;
    }),
    "outbox-relay: its file system can be written",
  ],
  [
    "capabilities",
    editPod("outbox-relay", (_, container) => {
      container.securityContext.capabilities = { drop: ["NET_RAW"] };
    }),
    "outbox-relay has capabilities",
  ],
  [
    "no request",
    editPod("outbox-relay", (_, container) => {
      delete container.resources.requests.cpu;
    }),
    "outbox-relay does not say how much cpu it needs",
  ],
  [
    "no limit",
    editPod("outbox-relay", (_, container) => {
      delete container.resources.limits.memory;
    }),
    "outbox-relay may take any memory",
  ],
  [
    "a limit of CPU",
    editPod("outbox-relay", (_, container) => {
      container.resources.limits.cpu = "1";
    }),
    "outbox-relay is stopped in the middle of its work by a limit of CPU",
  ],
  [
    "a liveness that hangs on others",
    editPod("orders-projector", (_, container) => {
      container.livenessProbe.httpGet.path = "/readyz";
    }),
    "orders-projector: livenessProbe asks for more than the process",
  ],
  [
    "no readiness",
    editPod("orders-api", (_, container) => {
      delete container.readinessProbe;
    }),
    "orders-api never tells whether it is ready",
  ],
  [
    "a migration of another version",
    editPod("orders-migration/migration", (_, container) => {
      container.image = "registry.example.com/outbox-orders:0.2.0";
    }),
    "there are several images: registry.example.com/outbox-orders:0.2.0, registry.example.com/outbox-orders:0.1.0",
  ],
  [
    "an image without a version",
    (manifests) => {
      for (const { container } of workloads(manifests)) container.image = "outbox-orders:latest";
    },
    "outbox-orders:latest may be any version",
  ],
  [
    "a Secret",
    (manifests) => {
      manifests.push({ kind: "Secret", metadata: { name: "outbox-relay", namespace: "outbox-orders" } });
    },
    "Secret outbox-relay is in the files",
  ],
  [
    "a password in a ConfigMap",
    setVariable("orders-api", "REDIS_URL", "redis://:pa55@redis"),
    "ConfigMap orders-api: REDIS_URL is a secret",
  ],
  [
    "a namespace for anything",
    edit("Namespace", "outbox-orders", ({ metadata }) => {
      metadata.labels["pod-security.kubernetes.io/enforce"] = "baseline";
    }),
    "the namespace lets pods do more than they need",
  ],
  [
    "an object in another namespace",
    edit("Service", "orders-api-grpc", ({ metadata }) => {
      metadata.namespace = "default";
    }),
    "Service orders-api-grpc is in another namespace",
  ],
  [
    "a default that denies half",
    edit("NetworkPolicy", "default-deny", ({ spec }) => {
      spec.policyTypes = ["Ingress"];
    }),
    "what no NetworkPolicy speaks of is allowed",
  ],
]);
