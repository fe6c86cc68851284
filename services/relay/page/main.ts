import { createCharts } from "./charts.ts";
import { clockTime } from "./clock-time.ts";
import { byId, setText } from "./elements.ts";
import { showFacts, showHealth, showLost } from "./health-view.ts";
import { showHistory } from "./history-view.ts";
import { connect } from "./live-connection.ts";
import { createSamples } from "./samples.ts";

const samples = createSamples();
const charts = createCharts(samples);

connect("./live", {
  message({ fresh, samples: newer, state }) {
    const { relay, process, isLeader, health, history, at } = state;
    samples.take({ fresh, samples: newer });
    setText(byId("relay"), relay);
    setText(
      byId("who"),
      `This page is of the process ${process}, which ${isLeader ? "leads" : "does not lead"}.`,
    );
    showHealth(health, relay);
    showFacts(health.facts);
    showHistory(history);
    setText(byId("connection"), `Live; the last sample is of ${clockTime(new Date(at))}.`);
    charts.draw();
  },
  stale(since) {
    document.body.classList.toggle("stale", since !== undefined);
    if (!since) return;
    showLost(since);
    setText(byId("connection"), `No connection since ${clockTime(since)}: trying again.`);
  },
});
