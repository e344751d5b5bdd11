// One board for another site: /embed/board/<counter>/<window>.
import { element, setText } from "./dom.js";
import { Board } from "./boards.js";
import { Pace } from "./pace.js";
import { feedState, on, start } from "./feed.js";
import { coverageSentence, feedSentence } from "./status.js";

const [, metric = "influence", window = "1h"] =
  /^\/embed\/board\/([^/]+)\/([^/]+)/.exec(location.pathname) ?? [];
const title = metric[0].toUpperCase() + metric.slice(1).replaceAll("_", " ") +
  (window === "all" ? "" : `, last ${window}`);
const board = new Board({ title, kind: metric, rows: 10 });
const state = element("p", { class: "note" });
const pace = new Pace();
let status = null;

function render() {
  document.documentElement.dataset.feed = feedState().state;
  setText(state, feedSentence({ status }));
  board.cover(coverageSentence(status, window));
}

document.title = title;
document.getElementById("main").replaceChildren(board.root, state);
// Links leave the frame.
for (const { name } of board.slots) name.setAttribute("target", "_top");
on("status", (answer) => { status = answer; render(); });
on("state", render);
start();
setInterval(render, 500);
pace.choose([[board, metric, window]]);
