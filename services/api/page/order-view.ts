import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Order, OrderStatus } from "../../gen/orders/v1/order_pb.ts";
import type { EventPath } from "../../gen/orders/v1/order_service_pb.ts";
import { byId, element } from "./elements.ts";
import { describeHop, hopsOf } from "./hops.ts";
import { formatMinor } from "./money.ts";

const clock: Intl.DateTimeFormatOptions = {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
};

const statusNames: Readonly<Record<number, string>> = {
  [OrderStatus.CREATED]: "created",
  [OrderStatus.READY]: "ready to be collected",
  [OrderStatus.ISSUED]: "issued",
  [OrderStatus.RETURNED]: "returned",
  [OrderStatus.CANCELLED]: "cancelled",
};

export function statusName(status: OrderStatus): string {
  return statusNames[status] ?? "in a state that this page does not know";
}

export function showFacts(order: Order): void {
  const pieces = order.lines.map(({ quantity, sku }) => `${quantity} × ${sku}`).join(", ");
  const facts: [string, string][] = [
    ["Order", order.id],
    ["State", `${statusName(order.status)} (version ${order.version})`],
    ["Customer", order.customerId],
    ["Pick-up point", order.pickupPointId],
    ["Lines", pieces],
    ["Total", formatMinor(order.totalMinor, order.currency)],
    ...(order.reason ? [["Reason", order.reason] as [string, string]] : []),
  ];
  byId("facts").replaceChildren(
    ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
  byId("order").hidden = false;
}

export function showVersion(order: Order, path: EventPath | undefined, shownAt: number): void {
  const at = order.cancelledAt ?? order.returnedAt ?? order.issuedAt ?? order.readyAt ?? order.createdAt;
  const time = at ? timestampDate(at).toLocaleTimeString(undefined, clock) : "";
  const title = element(
    "p",
    {},
    element("strong", {}, statusName(order.status)),
    ` · version ${order.version}`,
  );
  const hops = path
    ? element(
        "p",
        { class: "hops" },
        ...hopsOf(path, shownAt).map((hop) => element("span", {}, describeHop(hop))),
      )
    : element("p", { class: "quiet" }, "it had happened before: no times of its way");
  byId("history").append(element("li", {}, title, element("p", { class: "quiet" }, time), hops));
}

export function clearOrder(): void {
  byId("history").replaceChildren();
  byId("order").hidden = true;
}
