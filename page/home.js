// The first view: people, rising cascades and alerts; below them carriers, early people, hashtags
// and sources.
import { element, setAttribute } from "./dom.js";
import { Board } from "./boards.js";
import { Rising } from "./rising.js";
import { Alerts } from "./alerts.js";
import { Sources, coverageSentence } from "./status.js";
import { Pace } from "./pace.js";
import { on } from "./feed.js";
import { path, read } from "./answers.js";

const PEOPLE = ["carried", "influence", "retweets", "quotes", "replies", "mentions", "reach", "posts",
  "translated"];
const capital = (word) => word[0].toUpperCase() + word.slice(1);

export class HomeView {
  constructor(page) {
    this.page = page;
    this.people = new Board({ title: "People", kind: "people", rows: 20, hasTrail: true });
    this.rising = new Rising(5, () => page.status?.clock_ms);
    this.alerts = new Alerts(8, page.announcer);
    this.carriers = new Board({ title: "Carriers: through whom others came", kind: "carriers", rows: 8 });
    this.early = new Board({ title: "Early people", kind: "early", rows: 8 });
    this.hashtags = new Board({ title: "Hashtags", kind: "hashtags", rows: 8 });
    this.sources = new Sources(6);
    this.metrics = element("nav", { class: "tabs", "aria-label": "Counter of people" });
    this.people.list.before(this.metrics);
    this.root = element("div", { class: "home" },
      element("div", { class: "top" }, this.people.root, this.rising.root, this.alerts.root),
      element("div", { class: "bottom" }, this.carriers.root, this.early.root, this.hashtags.root,
        this.sources.root));
    this.pace = new Pace((answer) => page.noteNetworks(answer));
    this.off = [on("alert", (alert) => !this.pace.isPaused && this.alerts.add(alert)),
      on("snapshot", () => this.fetchAlerts())];
  }

  async start() {
    this.onStatus(this.page.status);
    await this.choose();
  }

  stop() {
    this.pace.stop();
    this.off.forEach((each) => each());
  }

  get metric() {
    const sought = this.page.parameter("metric");
    return this.offered.includes(sought) ? sought : this.offered[0];
  }

  get offered() {
    const boards = this.page.status?.boards;
    const known = boards ? PEOPLE.filter((each) => boards.includes(each)) : [];
    return known.length ? known : PEOPLE;
  }

  choose() {
    this.renderMetrics();
    if (this.alerts.network !== this.page.network) this.fetchAlerts();
    const window = this.page.window;
    this.cover();
    return this.pace.choose([[this.people, this.metric, window], [this.rising, "cascades", window],
      [this.carriers, "carriers", "all"], [this.early, "early", "all"],
      [this.hashtags, "hashtags", window]], this.page.network);
  }

  renderMetrics() {
    const names = this.offered.join();
    if (names !== this.metricNames) {
      this.metricNames = names;
      this.metrics.replaceChildren(...this.offered.map((metric) =>
        element("a", { "data-metric": metric }, capital(metric))));
    }
    for (const link of this.metrics.children) {
      setAttribute(link, "href", this.page.urlWith({ metric: link.dataset.metric }));
      setAttribute(link, "aria-current", link.dataset.metric === this.metric ? "true" : null);
    }
  }

  async fetchAlerts() {
    const { network } = this.page;
    const answer = await read(`${path("alerts")}?limit=${network ? 1000 : 8}`);
    if (answer && network === this.page.network) this.alerts.show(answer, network);
  }

  onStatus(status) {
    if (!status) return;
    this.sources.show(status);
    this.cover();
  }

  cover() {
    const of = (window) => coverageSentence(this.page.status, window);
    for (const board of [this.people, this.hashtags, this.rising]) board.cover(of(this.page.window));
    for (const board of [this.carriers, this.early]) board.cover(of("all"));
  }

  pause(isPaused) {
    this.pace.pause(isPaused);
    if (!isPaused) this.fetchAlerts();
  }
}
