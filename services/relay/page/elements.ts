/** @throws Error when the page has no such element: a fault of the page's. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`there is no element ${id}`);
  return found as E;
}

/** Content is always text or elements, never markup. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...content: (string | Node)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...content);
  return made;
}

/** Leaves it alone when it says so already: a selection stays, and nothing is read out anew. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
