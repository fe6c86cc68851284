import type { LiveMessage } from "../transport/page/live-message.ts";
import { clockTime } from "./clock-time.ts";
import { byId, element, setText } from "./elements.ts";

type Health = LiveMessage["state"]["health"];
type Fact = Health["facts"][number];
type Advice = Health["advice"][number];

const titles = { fine: "Fine", degraded: "Degraded", stopped: "Stopped" } as const;

/** The answer, in words and in the document's title; and what helps. */
export function showHealth({ status, summary, advice }: Health, relay: string): void {
  const title = titles[status];
  document.title = `${title} – outbox relay ${relay}`;
  byId("health").dataset.status = status;
  setText(byId("status"), title);
  setText(byId("summary"), summary);
  const [first, ...others] = advice;
  const shown = JSON.stringify([first && { ...first, what: "" }, others]);
  const place = byId("advice");
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(
    ...(first ? [element("p", {}, first.todo), whereToLook(first)] : []),
    ...(others.length > 0 ? [element("h3", {}, "Also"), element("ul", {}, ...others.map(also))] : []),
  );
}

/** The page has lost its relay: nothing of what it shows is known to hold. */
export function showLost(since: Date): void {
  document.title = "No connection – outbox relay";
  byId("health").dataset.status = "unknown";
  setText(byId("status"), "No connection");
  setText(
    byId("summary"),
    `This relay has told nothing since ${clockTime(since)}: what is shown here is of then. Trying again.`,
  );
  const place = byId("advice");
  if (place.dataset.shown === "lost") return;
  place.dataset.shown = "lost";
  place.replaceChildren(
    element(
      "p",
      {},
      "If it has ended or hangs, another replica takes over: open that one's page. Otherwise look at its log.",
    ),
    whereToLook({ command: "npx outbox status", runbook: "OutboxNoLeader" }),
  );
}

function whereToLook({ command, runbook }: Pick<Advice, "command" | "runbook">): HTMLElement {
  return element(
    "p",
    { class: "look" },
    element("span", {}, "Type ", element("code", {}, command)),
    element("span", {}, "Read ", element("code", {}, fileOf(runbook))),
  );
}

/** Often no more than an effect of the first. */
function also({ what, runbook }: Advice): HTMLElement {
  return element("li", {}, what, " Read ", element("code", {}, fileOf(runbook)));
}

const fileOf = (runbook: string): string => `docs/runbooks/${runbook}.md`;

interface FactView {
  readonly row: HTMLElement;
  readonly value: HTMLElement;
  readonly words: HTMLElement;
}
const factViews = new Map<string, FactView>();

/** Each figure, and in words whether it is as it should be. */
export function showFacts(facts: readonly Fact[]): void {
  for (const { name, title, value, verdict, words } of facts) {
    const view = factViews.get(name) ?? makeFact(name, title);
    view.row.dataset.verdict = verdict;
    setText(view.value, value);
    setText(view.words, words);
  }
}

function makeFact(name: string, title: string): FactView {
  const value = element("span", { class: "value" });
  const words = element("span", { class: "words" });
  const row = element("div", {}, element("dt", {}, title), element("dd", {}, value, words));
  byId("facts").append(row);
  const view = { row, value, words };
  factViews.set(name, view);
  return view;
}
