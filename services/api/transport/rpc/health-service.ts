import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../gen/grpc/health/v1/health_pb.ts";
import { delay } from "../../../platform/delay.ts";

/** How old a status can be when a watcher is told of it. */
const LOOK_EVERY_MS = 250;

export interface HealthOptions {
  /** Full names of the services whose health can be asked for; "" asks for the whole server's and need not be named. */
  readonly services: readonly string[];
  /** Must answer at once: no I/O. */
  readonly isReady: () => boolean;
  /** Aborts when the server begins to stop: no watch may outlive it. */
  readonly stopping: AbortSignal;
}

/**
 * grpc.health.v1.Health (https://github.com/grpc/grpc/blob/master/doc/health-checking.md): for load balancers, Kubernetes' `grpc` probe
 * and clients that watch their backends. All services share one readiness, which is that of /readyz.
 */
export function healthRoutes({
  services,
  isReady,
  stopping,
}: HealthOptions): (router: ConnectRouter) => void {
  const known = new Set(["", ...services]);
  const current = () => ({
    status: isReady() && !stopping.aborted ? Status.SERVING : Status.NOT_SERVING,
  });

  return (router) => {
    router.service(Health, {
      check({ service }) {
        if (!known.has(service)) throw new ConnectError("there is no such service here", Code.NotFound);
        return current();
      },
      list() {
        return { statuses: Object.fromEntries([...known].map((name) => [name, current()])) };
      },
      async *watch({ service }, { signal }) {
        const ended = AbortSignal.any([signal, stopping]);
        if (!known.has(service)) {
          yield { status: Status.SERVICE_UNKNOWN };
          // It is not known later either; the protocol wants the stream kept all the same.
          if (!ended.aborted) await new Promise((resolve) => ended.addEventListener("abort", resolve));
          return;
        }
        let told: Status | undefined;
        while (!signal.aborted) {
          const { status } = current();
          if (status !== told) yield { status };
          else if (stopping.aborted) return;
          else await delay(LOOK_EVERY_MS, ended);
          told = status;
        }
      },
    });
  };
}
