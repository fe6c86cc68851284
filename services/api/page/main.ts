import { ConnectError } from "@connectrpc/connect";
import { byId, inputValue, newRequestId } from "./elements.ts";
import { readOrder, setUpLines } from "./order-form.ts";
import { clearOrder, showFacts, showVersion, statusName } from "./order-view.ts";
import { createOrdersClient } from "./orders-client.ts";
import { createTransitions } from "./transitions.ts";
import { watchOrder } from "./watch.ts";

const client = createOrdersClient(() => byId<HTMLInputElement>("token").value.trim());
const placeForm = byId<HTMLFormElement>("place");
const watchForm = byId<HTMLFormElement>("watch");
const problemOf = (error: unknown) =>
  error instanceof ConnectError ? error.rawMessage : error instanceof Error ? error.message : String(error);
const tell = (id: string, text: string) => {
  byId(id).textContent = text;
};

const transitions = createTransitions(client, (error) => tell("watch-problem", problemOf(error)));
let watching = new AbortController();

function watch(id: string): void {
  watching.abort();
  watching = new AbortController();
  (watchForm.elements.namedItem("id") as HTMLInputElement).value = id;
  clearOrder();
  tell("watch-problem", "");
  void watchOrder(
    client,
    id,
    {
      connected: () => tell("connection", "watching"),
      waiting: (problem) => tell("connection", `not connected (${problem}): trying again`),
      version(order, path) {
        const shownAt = Date.now();
        tell("watch-problem", "");
        showFacts(order);
        showVersion(order, path, shownAt);
        transitions.show(order);
        tell("connection", `watching: the order is ${statusName(order.status)}`);
      },
      done: () => tell("connection", "this order has come to its end"),
      failed(problem) {
        tell("connection", "");
        tell("watch-problem", problem);
      },
    },
    watching.signal,
  );
}

/** Kept until the order is placed or changed: pressing again after a lost answer places it once. */
let requestId = newRequestId();
placeForm.addEventListener("input", () => {
  requestId = newRequestId();
});
placeForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell("place-problem", "");
  try {
    const { order } = await client.createOrder({ ...readOrder(placeForm), requestId });
    requestId = newRequestId();
    if (!order) return;
    watch(order.id);
    byId("watch-heading").scrollIntoView({ block: "nearest" });
  } catch (error) {
    tell("place-problem", problemOf(error));
  }
});
watchForm.addEventListener("submit", (event) => {
  event.preventDefault();
  watch(inputValue(watchForm, "id").toLowerCase());
});
setUpLines();
