// The first view: people, rising cascades and alerts; below them carriers, early people, hashtags
// and sources.
import { element, setAttribute } from "./dom.js";
import { Board, MetricTabs } from "./boards.js";
import { Campaigns } from "./campaigns.js";
import { Rising } from "./rising.js";
import { Alerts } from "./alerts.js";
import { Sources, coverageSentence } from "./status.js";
import { Pace } from "./pace.js";
import { on } from "./feed.js";
import { path, read } from "./answers.js";

const PEOPLE = ["carried", "influence", "retweets", "quotes", "replies", "mentions", "reach", "posts",
  "translated"];

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
    this.campaigns = new Campaigns();
    this.tabs = new MetricTabs(page, this.offered);
    this.people.list.before(this.tabs.root);
    this.root = element("div", { class: "home" },
      element("div", { class: "top" }, this.people.root, this.rising.root, this.alerts.root),
      element("div", { class: "bottom" }, this.carriers.root, this.early.root, this.hashtags.root,
        element("div", {}, this.campaigns.root, this.sources.root)));
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

  // Those that the daemon has; all while it has not answered.
  get offered() {
    const boards = this.page.status?.boards;
    const known = boards ? PEOPLE.filter((each) => boards.includes(each)) : [];
    return known.length ? known : PEOPLE;
  }

  choose() {
    this.tabs.offered = this.offered;
    this.tabs.render();
    if (this.alerts.network !== this.page.network) this.fetchAlerts();
    const window = this.page.window;
    this.cover();
    return this.pace.choose([[this.people, this.tabs.metric, window], [this.rising, "cascades", window],
      [this.carriers, "carriers", "all"], [this.early, "early", "all"],
      [this.hashtags, "hashtags", window]], { network: this.page.network });
  }

  async fetchAlerts() {
    const { network } = this.page;
    const answer = await read(`${path("alerts")}?limit=${network ? 1000 : 8}`);
    if (answer && network === this.page.network) this.alerts.show(answer, network);
  }

  onStatus(status) {
    if (!status) return;
    this.sources.show(status);
    this.campaigns.show(status, this.page.window);
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
