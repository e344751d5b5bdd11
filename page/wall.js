// A screen on a wall: three boards in large type, two sets in turn, no controls. A new alert takes
// the left third for a while. The number of elements does not change, for runs of many days.
import { element, setText, isStill } from "./dom.js";
import { Board } from "./boards.js";
import { Pace } from "./pace.js";
import { on } from "./feed.js";
import { clean } from "./text.js";
import { alertAuthor, alertReasons } from "./alerts.js";
import { coverageSentence, feedSentence, totalsSentence } from "./status.js";

const TURN_MS = 20000;
const ALERT_MS = 15000;
const ROWS = 7;
const SETS = [[["Carried", "carried"], ["Cascades", "cascades"], ["Hashtags", "hashtags"]],
  [["Influence", "influence"], ["Carriers", "carriers"], ["Early people", "early"]]];
const UNBOUND = ["carriers", "early"]; // boards without a window

export class WallView {
  constructor(page) {
    this.page = page;
    this.sets = SETS.map((set) => set.map(([title, metric]) => [new Board({
      title: UNBOUND.includes(metric) ? title : `${title}, ${page.window}`, kind: metric, rows: ROWS,
      hasAuthor: false }), metric]));
    this.pages = this.sets.map((set) => element("div", { class: "wall-boards" },
      ...set.map(([board]) => board.root)));
    this.rule = element("p", { class: "rule" });
    this.who = element("h2", {}, element("bdi"));
    this.text = element("p", { class: "post" }, element("bdi"));
    this.why = element("p", { class: "why" });
    this.alert = element("aside", { class: "wall-alert", hidden: true }, this.rule, this.who,
      this.text, this.why);
    this.state = element("p", { class: "wall-state" });
    this.progress = element("div", { class: "wall-progress" });
    this.root = element("div", { class: "wall" }, this.progress, this.alert, ...this.pages, this.state);
    this.pace = new Pace();
    this.off = [on("alert", (alert) => this.showAlert(alert))];
    this.turn = 0;
  }

  async start() {
    const window = this.page.window;
    document.title = "cascaded";
    this.show();
    this.timer = setInterval(() => { this.turn += 1; this.show(); }, TURN_MS);
    await this.pace.choose(this.sets.flat().map(([board, metric]) =>
      [board, metric, UNBOUND.includes(metric) ? "all" : window]));
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.alertTimer);
    this.pace.stop();
    this.off.forEach((each) => each());
  }

  show() {
    this.pages.forEach((page, index) => { page.hidden = index !== this.turn % this.pages.length; });
    this.running?.cancel();
    if (!isStill()) {
      this.running = this.progress.animate([{ transform: "scaleX(0)" }, { transform: "scaleX(1)" }],
        { duration: TURN_MS, easing: "steps(40)" });
    }
  }

  showAlert(alert) {
    setText(this.rule, `Alert: ${clean(alert.rule, 40)}`);
    setText(this.who.firstChild, alertAuthor(alert));
    setText(this.text.firstChild, clean(alert.cascade?.text, 120));
    setText(this.why, alertReasons(alert));
    this.alert.hidden = false;
    clearTimeout(this.alertTimer);
    this.alertTimer = setTimeout(() => { this.alert.hidden = true; }, ALERT_MS);
  }

  onState() {
    for (const [board, metric] of this.sets.flat()) {
      board.cover(coverageSentence(this.page.status,
        UNBOUND.includes(metric) ? "all" : this.page.window));
    }
    setText(this.state, `${feedSentence({ status: this.page.status })} \u00b7 ` +
      totalsSentence(this.page.status));
  }

  pause(isPaused) {
    this.pace.pause(isPaused);
  }
}
