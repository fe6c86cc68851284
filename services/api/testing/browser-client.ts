import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { OrderService } from "../../gen/orders/v1/order_service_pb.ts";

/** Runs in a browser: what came of an order, or the error's text. */
export async function tryOut({ protocol, baseUrl }: { protocol: string; baseUrl: string }) {
  const transport =
    protocol === "grpc-web"
      ? createGrpcWebTransport({ baseUrl })
      : createConnectTransport({ baseUrl, useHttpGet: protocol === "connect-get" });
  const client = createClient(OrderService, transport);
  try {
    const { order } = await client.createOrder({
      customerId: "c",
      pickupPointId: "p",
      currency: "EUR",
      lines: [{ sku: "s", quantity: 2n, unitPriceMinor: 9_007_199_254_740_993n }],
    });
    const { order: read } = await client.getOrder({ id: order?.id ?? "" });
    const refusal = await client.getOrder({ id: "01890a5d-ac96-774b-bcce-b302099a8057" }).then(
      () => undefined,
      (error: unknown) => refusalOf(ConnectError.from(error)),
    );
    return { total: String(order?.totalMinor), read: read?.id === order?.id, refusal };
  } catch (error) {
    return String(error);
  }
}

function refusalOf(error: ConnectError) {
  const code = error.code === Code.NotFound ? "not_found" : String(error.code);
  return { code, reason: error.findDetails(ErrorInfoSchema)[0]?.reason };
}
