import type { ConnectRouter } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "../../../gen/google/rpc/error_details_pb.ts";
import { Health } from "../../../gen/grpc/health/v1/health_pb.ts";
import { OrderService } from "../../../gen/orders/v1/order_service_pb.ts";
import { notReadyReasons, type ReadinessCheck } from "../../../platform/ops-server.ts";
import type { OrderUseCases } from "../../application/factories/order-use-cases.ts";
import { healthRoutes } from "./health-service.ts";
import { orderServiceRoutes } from "./order-service.ts";
import { reflectionRoutes } from "./reflection-service.ts";

export interface RpcRoutesOptions {
  readonly useCases: OrderUseCases;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** Aborts when the API begins to stop. */
  readonly stopping: AbortSignal;
}

/** All that is served over RPC: the orders, and what tells of the server itself. */
export function rpcRoutes({ useCases, checks, stopping }: RpcRoutesOptions): (router: ConnectRouter) => void {
  const isReady = () => Object.keys(notReadyReasons(checks)).length === 0;
  const services = [
    orderServiceRoutes(useCases),
    healthRoutes({ services: [OrderService.typeName], isReady, stopping }),
    reflectionRoutes([OrderService, Health], [file_google_rpc_error_details]),
  ];
  return (router) => {
    for (const routes of services) routes(router);
  };
}
