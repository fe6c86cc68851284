import { openGate } from "../../services/api/transport/gate.ts";
import { createRestApp } from "../../services/api/transport/rest/rest-app.ts";
import { noTracer } from "../../services/platform/tracing/tracer.ts";

/** Prints the OpenAPI document as the service gives it. */
const unused = () => Promise.reject(new Error("only the document is asked for"));
const app = createRestApp({
  gate: openGate,
  useCases: { createOrder: unused, changeOrder: unused, getOrder: unused, listOrders: unused },
  checks: {},
  log: console as never,
  observe: () => {},
  tracer: noTracer,
  maxBodyBytes: 0,
  requireIfMatch: false,
});
process.stdout.write(await (await app.request("/openapi.json")).text());
