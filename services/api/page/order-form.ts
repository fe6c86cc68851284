import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CreateOrderRequestSchema } from "../../gen/orders/v1/order_service_pb.ts";
import { byId, inputValue } from "./elements.ts";
import { toMinor } from "./money.ts";

/** The lines of the form: one at least, 100 at the most. */
export function setUpLines(): void {
  addLine("book", "1", "19.90");
  byId("add-line").addEventListener("click", () => addLine("", "1", "").querySelector("input")?.focus());
}

function addLine(sku: string, quantity: string, price: string): HTMLElement {
  const copy = byId<HTMLTemplateElement>("line").content.cloneNode(true) as DocumentFragment;
  const line = copy.querySelector(".line") as HTMLElement;
  for (const [name, value] of Object.entries({ sku, quantity, price })) {
    (line.querySelector(`input[name="${name}"]`) as HTMLInputElement).value = value;
  }
  line.querySelector(".remove")?.addEventListener("click", () => {
    line.remove();
    numberLines();
    byId("add-line").focus();
  });
  byId("lines").append(line);
  numberLines();
  return line;
}

function lines(): HTMLElement[] {
  return [...byId("lines").querySelectorAll<HTMLElement>(".line")];
}

function numberLines(): void {
  const all = lines();
  for (const [index, line] of all.entries()) {
    line.setAttribute("aria-label", `Line ${index + 1}`);
    (line.querySelector(".remove") as HTMLButtonElement).disabled = all.length === 1;
  }
  byId<HTMLButtonElement>("add-line").disabled = all.length === 100;
}

/** @throws Error that tells what is wrong with an amount. */
export function readOrder(form: HTMLFormElement): MessageInitShape<typeof CreateOrderRequestSchema> {
  const currency = inputValue(form, "currency");
  return {
    customerId: inputValue(form, "customerId"),
    pickupPointId: inputValue(form, "pickupPointId"),
    currency,
    lines: lines().map((line) => ({
      sku: inputValue(line, "sku"),
      quantity: BigInt(inputValue(line, "quantity")),
      unitPriceMinor: toMinor(inputValue(line, "price"), currency),
    })),
  };
}
