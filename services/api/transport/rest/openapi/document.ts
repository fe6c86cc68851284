import { OpenAPIHono } from "@hono/zod-openapi";
import type { RestOperation } from "../operation.ts";

const description = `Takes orders of a pick-up-point network and leads them to their end.

Every change commits its event in the same transaction. A change can be repeated safely under an Idempotency-Key; If-Match with the
order's ETag keeps two callers from overwriting one another. Every refused request is told as application/problem+json (RFC 9457).
Bodies are the proto3 JSON of orders.v1, the contract of the gRPC door: int64 are strings of digits.`;

/**
 * The OpenAPI document of the operations. zod-openapi only documents: requests are not checked by these schemas, but by what they are made
 * from, the contract's rules, as at the other door (Zod would count UTF-16 units where the rules count characters, and check all twice).
 */
export function openApiDocument(operations: readonly RestOperation[]) {
  const registry = new OpenAPIHono();
  registry.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "Asked for when the service is set up to authenticate its callers",
  });
  for (const { route } of operations) registry.openAPIRegistry.registerPath(route);
  return registry.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Orders",
      version: "1",
      description,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [{ name: "Orders", description: "Orders of a pick-up-point network" }],
    security: [{ bearer: [] }, {}],
  });
}
