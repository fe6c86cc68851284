import type { LiveMessage } from "../transport/page/live-message.ts";
import { clockTime } from "./clock-time.ts";
import { byId, element, setText } from "./elements.ts";

type History = LiveMessage["state"]["history"];

let shown = "";

/** What happened to the relay, the newest first. */
export function showHistory(history: History): void {
  const now = JSON.stringify(history);
  if (now === shown || history === undefined) return;
  shown = now;
  byId("no-history").hidden = history.length > 0;
  setText(byId("no-history"), "nothing has happened yet");
  byId("history").replaceChildren(
    ...history.map(({ at, fromMode, toMode, reason, leader, who, command }) => {
      const change = fromMode === undefined ? toMode : `${fromMode} → ${toMode}`;
      const done = toMode !== undefined ? change : command && `outbox ${command}`;
      const by = who ?? leader;
      return element(
        "li",
        {},
        element("time", { datetime: at }, timeOf(new Date(at))),
        element("span", { class: "what" }, done === undefined ? reason : `${done}: ${reason}`),
        ...(by === undefined ? [] : [element("span", { class: "quiet" }, `by ${by}`)]),
      );
    }),
  );
}

/** Of another day with the day. */
function timeOf(at: Date): string {
  const day = at.toLocaleDateString("sv"); // as ISO 8601 writes it
  return day === new Date().toLocaleDateString("sv") ? clockTime(at) : `${day} ${clockTime(at)}`;
}
